import type { Ctx, Digest } from "../base/index.ts";
import type { CopyOp, Vertex } from "../graph/index.ts";
import { InputsChanged, type Op } from "../solve/index.ts";
import type { FileTree, OpRooms } from "./contract.ts";
import { machinery, snapshotOf } from "./machinery.ts";
import { type Checksum, contextTree, copyFiles, isSmall, sourceChecksum, stageTree, type Taken } from "./sources.ts";
import type { CopyRequest } from "./tree/copy.ts";
import { findUser } from "./users.ts";
import { stepKey } from "./step-key.ts";

/** COPY and ADD: keyed by content, mode and owner of what is copied and by what it is copied onto; never by time or place. */
export function copyOp(op: CopyOp, vertex: Vertex, rooms: OpRooms): Op<FileTree> {
  const paths = op.sources.flatMap((source) => (source.type === "path" ? [source.path] : []));
  const key = (inputs: readonly (Digest | undefined)[]): Digest => stepKey({ op, inputs });
  const taken: Taken = {
    sources: paths,
    ignoreOwner: op.chown !== undefined,
    ignoreMode: op.chmod !== undefined,
    vertex,
    input: 1,
  };
  /** What the content key was made of. */
  let keyed: Checksum | undefined;
  const run = async (inputs: readonly FileTree[], ctx: Ctx): Promise<FileTree> => {
    const { snapshotter } = machinery(rooms);
    await using active = await snapshotter.prepare(snapshotOf(inputs[0]));
    const from = inputs[1];
    const copied = copyInto(op, vertex, await active.root(), { from, onTheSpot: isLittle(op, keyed) }, rooms, ctx);
    if (from?.kind === "context") {
      // Somebody may work in the folder while it is built: what was copied must be what was hashed.
      await copied.catch(() => undefined);
      const now = await sourceChecksum(taken, from, rooms, ctx).catch(() => undefined);
      if (now?.digest !== keyed?.digest)
        throw new InputsChanged(`${contextTree(from).label} changed while it was copied`);
    }
    await copied;
    return { kind: "snapshot", id: (await active.commit()).id };
  };
  if (paths.length === 0) return { role: "step", key, run };
  return {
    role: "step",
    key,
    contentInputs: [1],
    contentKey: async ([base], results, ctx) => {
      const checksum = await sourceChecksum(taken, results.get(1) as FileTree, rooms, ctx);
      keyed = checksum;
      // The paths are part of the checksum as far as they matter: as names in the destination.
      const { sources, ...how } = op;
      const inline = sources.filter(({ type }) => type === "inline");
      return stepKey({ how, inline, checksum: checksum.digest, base });
    },
    run,
  };
}

/** What ADD unpacks may be larger than what was read. */
function isLittle(op: CopyOp, source: Checksum | undefined): boolean {
  if (op.unpack) return false;
  return source === undefined ? op.sources.every(({ type }) => type === "inline") : isSmall(source);
}

async function copyInto(
  op: CopyOp,
  vertex: Vertex,
  root: string,
  { from, onTheSpot }: { readonly from: FileTree | undefined; readonly onTheSpot: boolean },
  rooms: OpRooms,
  ctx: Ctx,
): Promise<void> {
  const { snapshotter, squashOwners } = machinery(rooms);
  await using view = from?.kind === "snapshot" && from.id !== undefined ? await snapshotter.view(from.id) : undefined;
  const tree =
    from?.kind === "context" ? contextTree(from) : view && stageTree(await view.root(), { vertex, input: 1 });
  const request: CopyRequest = {
    tree,
    sources: op.sources,
    root,
    destination: op.destination,
    owner: op.chown === undefined ? undefined : findUser(root, op.chown),
    mode: op.chmod === undefined ? undefined : Number.parseInt(op.chmod, 8),
    unpack: op.unpack,
    squashOwners,
  };
  const leftOut = await copyFiles(request, onTheSpot, rooms);
  if (leftOut.length === 0) return;
  const names = [...leftOut.slice(0, 5), ...(leftOut.length > 5 ? ["..."] : [])].join(", ");
  ctx.emit({
    type: "warning",
    message: `Device nodes that only root may make were left out: ${names}`,
    hint: "build as root where an image needs them; containers get a /dev of their own",
  });
}
