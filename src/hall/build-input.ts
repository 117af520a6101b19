import { readdirSync, statSync } from "node:fs";
import { isAbsolute } from "node:path";
import { type Ctx, SlipwayError } from "../base/index.ts";
import { shownRemote, withoutPassword } from "../fetch/index.ts";
import { type SourceOp, vertex } from "../graph/index.ts";
import { fileIn, opFor, type OpRooms, treeTime } from "../ops/index.ts";
import type { PlanOptions } from "../plan/index.ts";
import { NeedsRun } from "../solve/index.ts";
import type { SnapshotId } from "../store/index.ts";
import { readBuildInput, readDockerfile } from "./dockerfile-source.ts";
import { announce, endFailed } from "./engine.ts";
import { remoteContext } from "./named-context.ts";
import type { SpooledInput } from "./spool-input.ts";

/** What is read before a build is planned. */
export interface BuildInput {
  /** The Dockerfile's name for messages. */
  readonly file: string;
  readonly text: string;
  readonly context: PlanOptions["context"];
  /** Lines of the ignore file. Contexts that lie elsewhere have none that counts, as with BuildKit. */
  readonly ignore: readonly string[];
  /** When the context was made (seconds since the epoch), if SOURCE_DATE_EPOCH may ask for it. */
  readonly time?: number | undefined;
}

export interface InputOptions {
  readonly context: string;
  readonly buildArgs?: Readonly<Record<string, string>> | undefined;
  readonly dockerfile?: string | undefined;
  /** What standard input was, where one of them is `-`. */
  readonly spooled?: SpooledInput | undefined;
}

/**
 * Reads the Dockerfile and finds what the context is: a folder, standard input, or what lies at an address. A context from elsewhere is fetched
 * for that, once.
 * @throws SLIP_CONTEXT, SLIP_DOCKERFILE_NOT_FOUND, SLIP_NETWORK, SLIP_GIT, SLIP_LAYER_INVALID, NeedsRun
 */
export async function readInput(options: InputOptions, rooms: OpRooms, ctx: Ctx): Promise<BuildInput> {
  const { context, spooled } = options;
  if (context === "-") {
    if (spooled?.type === "archive") {
      const { digest, file } = spooled;
      return fromSource({ kind: "archive", digest, file, context: "context" }, options, rooms, ctx);
    }
    return { ...fromText(spooled), context: { path: emptyContext(spooled), ignore: [] }, ignore: [] };
  }
  const op = isFolder(context) ? undefined : remoteContext("context", context);
  return op ? fromSource(op, options, rooms, ctx) : readFolder(options);
}

/** Without anything to fetch: the context is a folder. */
export function readFolder({ context, dockerfile, spooled }: InputOptions): BuildInput {
  const input = readBuildInput(context, dockerfile === "-" ? fromText(spooled) : dockerfile);
  return { ...input, context: { path: input.context, ignore: input.ignore } };
}

export function isFolder(context: string): boolean {
  return statSync(context, { throwIfNoEntry: false })?.isDirectory() === true;
}

function fromText(spooled: SpooledInput | undefined): { readonly file: string; readonly text: string } {
  if (spooled?.type === "dockerfile") return { file: "stdin", text: spooled.text };
  throw new SlipwayError({ code: "SLIP_INTERNAL", message: "Cannot read the Dockerfile: nobody read standard input" });
}

function emptyContext(spooled: SpooledInput | undefined): string {
  return spooled?.type === "dockerfile" ? spooled.emptyContext : "";
}

async function fromSource(
  op: SourceOp,
  { dockerfile, spooled, buildArgs = {} }: InputOptions,
  rooms: OpRooms,
  ctx: Ctx,
): Promise<BuildInput> {
  const id = await fetchContext(op, rooms, ctx);
  const folder = rooms.store.snapshots.folder(id);
  const made = (file: string, text: string): BuildInput => ({
    file,
    text,
    context: { path: "", ignore: [], source: op },
    ignore: [],
    time: /SOURCE_DATE_EPOCH/.test(text + Object.keys(buildArgs).join())
      ? readable(rooms, () => treeTime(op, id, rooms.store))
      : undefined,
  });
  if (dockerfile === "-") {
    const { file, text } = fromText(spooled);
    return made(file, text);
  }
  if (dockerfile !== undefined && isAbsolute(dockerfile)) return made(dockerfile, readDockerfile(dockerfile));
  const path = findDockerfile(op, folder, dockerfile);
  if (path === undefined) {
    throw new SlipwayError({
      code: "SLIP_DOCKERFILE_NOT_FOUND",
      message: `No ${dockerfile ?? "Dockerfile"} in ${shownSource(op)}`,
      hint: "name it with -f: a path in the context, or an absolute path of this machine",
    });
  }
  return made(dockerfile ?? "Dockerfile", readable(rooms, () => readDockerfile(path)));
}

/** Files of ids that only the engine's user namespace has are left to the engine. */
function readable<T>(rooms: OpRooms, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw rooms.machinery ? error : new NeedsRun();
  }
}

/** As `-f` names it in a context, else `Dockerfile` or `dockerfile`; or all of the context, when that is a file and no archive. */
function findDockerfile(op: SourceOp, folder: string, given: string | undefined): string | undefined {
  const [only, ...others] = op.kind === "http" ? readdirSync(folder) : [];
  if (only === "context" && others.length === 0) return fileIn(folder, only);
  const name = given ?? "Dockerfile";
  const lower = name.replace(/(^|\/)Dockerfile$/, "$1dockerfile");
  return fileIn(folder, name) ?? fileIn(folder, lower);
}

/** The snapshot with the context's files. */
async function fetchContext(op: SourceOp, rooms: OpRooms, ctx: Ctx): Promise<SnapshotId> {
  const source = vertex(op, [], { text: "load build context" });
  const treeOf = async (within: OpRooms): Promise<SnapshotId> => {
    const tree = await opFor(source, within).run([], ctx);
    if (tree.kind !== "snapshot" || tree.id === undefined) throw new Error("a fetched context is no snapshot");
    return tree.id;
  };
  if (!rooms.machinery) return treeOf(rooms);
  try {
    return await treeOf({ ...rooms, machinery: undefined });
  } catch (error) {
    if (!(error instanceof NeedsRun)) throw error;
  }
  const started = Date.now();
  announce(ctx, source.digest, `fetch ${shownSource(op)}`);
  try {
    const id = await treeOf(rooms);
    ctx.emit({ type: "step-done", id: source.digest, duration: Date.now() - started });
    return id;
  } catch (error) {
    endFailed(ctx, source.digest, started, error);
    throw error;
  }
}

function shownSource(op: SourceOp): string {
  if (op.kind === "git") return shownRemote(op.source.remote);
  return op.kind === "http" ? withoutPassword(op.url) : "the archive on standard input";
}
