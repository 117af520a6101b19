import { chmodSync, lstatSync, mkdirSync, statSync } from "node:fs";
import { type Ctx, type Mount, SlipwayError } from "../../base/index.ts";
import type { BindMount, Vertex } from "../../graph/index.ts";
import { InputsChanged } from "../../solve/index.ts";
import type { FileTree, OpRooms } from "../contract.ts";
import { machinery } from "../machinery.ts";
import { type Checksum, contextTree, copyFiles, isSmall, sourceChecksum, stageTree, type Taken } from "../sources.ts";
import type { CopyRequest } from "../tree/copy.ts";
import { selectLiteral } from "../tree/select.ts";
import { openTree } from "../tree/tree.ts";

/** A part of one of a step's inputs. */
export interface Part {
  readonly input: number;
  readonly source: string;
}

/** What a mount takes from an input: one path as it is written, links followed, with owners and modes. */
export function takenPart({ input, source }: Part, vertex: Vertex): Taken {
  return { sources: [source], literal: true, ignoreOwner: false, ignoreMode: false, vertex, input, verb: "mount" };
}

/**
 * A bind mount, ready to be mounted for a process; disposing of `stack` undoes it.
 * A context is copied first: the process then sees neither what is ignored nor whose files they are on the client, and what is
 * written stays with the step. A snapshot is shown in place; what is written goes to a layer that is thrown away.
 * @param keyed what the step's key was made of. Throws InputsChanged when the context is another by now.
 */
export async function openBind(
  mount: BindMount,
  vertex: Vertex,
  from: FileTree,
  keyed: Checksum | undefined,
  rooms: OpRooms,
  ctx: Ctx,
  stack: AsyncDisposableStack,
): Promise<Mount> {
  const options = mount.readonly ? ["ro"] : [];
  const { target } = mount;
  const taken = takenPart(mount, vertex);
  if (from.kind === "context") {
    const folder = rooms.store.scratch();
    stack.defer(() => rooms.store.discard(folder));
    const source = await copyPart(taken, from, folder, keyed, rooms, ctx);
    return { type: "bind", source, target, options };
  }
  const root = await openRoot(mount, from, rooms, stack);
  const [found] = selectLiteral(openTree(stageTree(root, taken)), mount.source);
  return { type: "bind", source: `${root}/${found?.path ?? ""}`, target, options };
}

async function openRoot(
  mount: BindMount,
  { id }: FileTree & { kind: "snapshot" },
  rooms: OpRooms,
  stack: AsyncDisposableStack,
): Promise<string> {
  const { snapshotter } = machinery(rooms);
  if (id === undefined || !mount.readonly) return stack.use(await snapshotter.prepare(id)).root();
  return stack.use(await snapshotter.view(id)).root();
}

/** Copies a part of a context into a folder; gives where it is then. */
async function copyPart(
  taken: Taken,
  from: FileTree & { kind: "context" },
  folder: string,
  keyed: Checksum | undefined,
  rooms: OpRooms,
  ctx: Ctx,
): Promise<string> {
  const tree = contextTree(from, "mount");
  const request: CopyRequest = {
    sources: taken.sources.map((path) => ({ type: "path", tree, path, literal: true })),
    root: folder,
    destination: "/it",
    squashOwners: machinery(rooms).squashOwners,
  };
  const copied = copyFiles(request, keyed !== undefined && isSmall(keyed), rooms, ctx);
  await copied.catch(() => undefined);
  const now = await sourceChecksum(taken, from, rooms, ctx).catch(() => undefined);
  if (now?.digest !== keyed?.digest) throw new InputsChanged(`${tree.label} changed while it was copied`);
  await copied;
  const [found] = selectLiteral(openTree(tree), taken.sources[0] ?? "");
  if (!lstatSync(`${folder}/it`, { throwIfNoEntry: false })) {
    throw new SlipwayError({
      code: "SLIP_COPY_NOT_FOUND",
      message: `Cannot mount ${JSON.stringify(found?.path ?? "")}: ${tree.label} has something there that is no part of a context`,
      hint: "give a file or a folder",
    });
  }
  const { mode } = statSync(`${tree.root}/${found?.path ?? ""}`);
  chmodSync(`${folder}/it`, mode & 0o7777);
  return `${folder}/it`;
}

/** Copies what a new cache begins with into its folder. */
export async function copySeed(
  seed: Part,
  vertex: Vertex,
  from: FileTree,
  folder: string,
  checksum: Checksum,
  rooms: OpRooms,
  ctx: Ctx,
): Promise<void> {
  const { snapshotter, squashOwners } = machinery(rooms);
  const taken = takenPart(seed, vertex);
  await using view = from.kind === "snapshot" && from.id !== undefined ? await snapshotter.view(from.id) : undefined;
  const tree =
    from.kind === "context" ? contextTree(from, "mount") : stageTree((await view?.root()) ?? empty(folder), taken);
  const sources = taken.sources.map((path) => ({ type: "path", tree, path, literal: true }) as const);
  const request: CopyRequest = { sources, root: folder, destination: "/", squashOwners };
  await copyFiles(request, isSmall(checksum), rooms, ctx);
}

/** The empty file system as a folder: beside the one that is filled. */
function empty(folder: string): string {
  mkdirSync(`${folder}.empty`);
  return `${folder}.empty`;
}
