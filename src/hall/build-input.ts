import { readdirSync, statSync } from "node:fs";
import { isAbsolute } from "node:path";
import { type Ctx, SlipwayError } from "../base/index.ts";
import { shownRemote, withoutPassword } from "../fetch/index.ts";
import { type SourceOp, vertex } from "../graph/index.ts";
import { fileIn, opFor, type OpRooms } from "../ops/index.ts";
import type { PlanOptions } from "../plan/index.ts";
import { NeedsRun } from "../solve/index.ts";
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
}

export interface InputOptions {
  readonly context: string;
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
  { dockerfile, spooled }: InputOptions,
  rooms: OpRooms,
  ctx: Ctx,
): Promise<BuildInput> {
  const folder = await fetchContext(op, rooms, ctx);
  const rest = { context: { path: "", ignore: [], source: op }, ignore: [] };
  if (dockerfile === "-") return { ...fromText(spooled), ...rest };
  if (dockerfile !== undefined && isAbsolute(dockerfile)) {
    return { file: dockerfile, text: readDockerfile(dockerfile), ...rest };
  }
  const path = findDockerfile(op, folder, dockerfile);
  if (path === undefined) {
    throw new SlipwayError({
      code: "SLIP_DOCKERFILE_NOT_FOUND",
      message: `No ${dockerfile ?? "Dockerfile"} in ${shownSource(op)}`,
      hint: "name it with -f: a path in the context, or an absolute path of this machine",
    });
  }
  try {
    return { file: dockerfile ?? "Dockerfile", text: readDockerfile(path), ...rest };
  } catch (error) {
    // A file of an id that only the engine's user namespace has.
    if (!rooms.machinery) throw new NeedsRun();
    throw error;
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

/** The folder with the context's files, which stay as they are. */
async function fetchContext(op: SourceOp, rooms: OpRooms, ctx: Ctx): Promise<string> {
  const source = vertex(op, [], { text: "load build context" });
  const folderOf = async (within: OpRooms): Promise<string> => {
    const tree = await opFor(source, within).run([], ctx);
    if (tree.kind !== "snapshot" || tree.id === undefined) throw new Error("a fetched context is no snapshot");
    return rooms.store.snapshots.folder(tree.id);
  };
  if (!rooms.machinery) return folderOf(rooms);
  try {
    return await folderOf({ ...rooms, machinery: undefined });
  } catch (error) {
    if (!(error instanceof NeedsRun)) throw error;
  }
  const started = Date.now();
  announce(ctx, source.digest, `fetch ${shownSource(op)}`);
  try {
    const folder = await folderOf(rooms);
    ctx.emit({ type: "step-done", id: source.digest, duration: Date.now() - started });
    return folder;
  } catch (error) {
    endFailed(ctx, source.digest, started, error);
    throw error;
  }
}

function shownSource(op: SourceOp): string {
  if (op.kind === "git") return shownRemote(op.source.remote);
  return op.kind === "http" ? withoutPassword(op.url) : "the archive on standard input";
}
