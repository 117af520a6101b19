import { readdirSync, statSync } from "node:fs";
import { isAbsolute } from "node:path";
import { type Ctx, SlipwayError } from "../../base/index.ts";
import { shownRemote, withoutPassword } from "../../fetch/index.ts";
import { type SourceOp, vertex } from "../../graph/index.ts";
import { folderHere, fileIn, opFor, type OpRooms, treeTime } from "../../ops/index.ts";
import { builtInArg, type InputWatch, type PlanOptions } from "../../plan/index.ts";
import { NeedsRun } from "../../solve/index.ts";
import type { SnapshotId } from "../../store/index.ts";
import { readBuildInput, readDockerfile } from "./dockerfile-source.ts";
import { announce, endFailed } from "../engine/engine.ts";
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
export async function readInput(
  options: InputOptions,
  rooms: OpRooms,
  ctx: Ctx,
  inputs?: InputWatch,
): Promise<BuildInput> {
  const { context, spooled } = options;
  if (context === "-" && spooled?.type === "dockerfile") {
    return { ...fromInput(spooled), context: { path: spooled.emptyContext, ignore: [] }, ignore: [] };
  }
  const found = contextSource(options);
  const op = found && (inputs?.source(found, undefined) ?? found);
  const text = isAddress(options.dockerfile) ? await fetchDockerfile(options.dockerfile, rooms, ctx) : undefined;
  return op ? fromSource(op, options, text, rooms, ctx) : readFolder(options, text);
}

/** True where nothing has to be fetched: the context is a folder, the Dockerfile a file or standard input. */
export function isHere({ context, dockerfile }: InputOptions): boolean {
  return isFolder(context) && !isAddress(dockerfile);
}

/**
 * Where nothing has to be fetched.
 * @param text the Dockerfile, where it is no file in a folder.
 */
export function readFolder({ context, dockerfile, spooled }: InputOptions, text?: DockerfileText): BuildInput {
  const input = readBuildInput(context, text ?? (dockerfile === "-" ? fromInput(spooled) : dockerfile));
  return { ...input, context: { path: input.context, ignore: input.ignore } };
}

interface DockerfileText {
  /** For messages. */
  readonly file: string;
  readonly text: string;
}

function isFolder(context: string): boolean {
  return statSync(context, { throwIfNoEntry: false })?.isDirectory() === true;
}

function isAddress(dockerfile: string | undefined): dockerfile is string {
  return dockerfile !== undefined && /^https?:\/\//.test(dockerfile);
}

/** What brings a context that is no folder. */
function contextSource({ context, spooled, buildArgs = {} }: InputOptions): SourceOp | undefined {
  if (spooled?.type === "archive") {
    const { digest, file } = spooled;
    return { kind: "archive", digest, file, context: "context" };
  }
  const op = isFolder(context) ? undefined : remoteContext("context", context);
  // Dockerfile reference, "BuildKit built-in build args".
  const keep = /^(?:1|t|true)$/i.test(builtInArg(buildArgs, "BUILDKIT_CONTEXT_KEEP_GIT_DIR") ?? "");
  return op?.kind === "git" && keep ? { ...op, keepGitDir: true } : op;
}

function fromInput(spooled: SpooledInput | undefined): DockerfileText {
  if (spooled?.type === "dockerfile") return { file: "stdin", text: spooled.text };
  throw new SlipwayError({ code: "SLIP_INTERNAL", message: "Cannot read the Dockerfile: nobody read standard input" });
}

/** A Dockerfile on a web server, for a context that lies elsewhere. */
async function fetchDockerfile(url: string, rooms: OpRooms, ctx: Ctx): Promise<DockerfileText> {
  if (!URL.canParse(url)) {
    throw new SlipwayError({ code: "SLIP_USAGE", message: `The Dockerfile ${JSON.stringify(url)} is no address` });
  }
  const id = await fetchSource({ kind: "http", url, name: "Dockerfile" }, rooms, ctx);
  const path = `${rooms.store.snapshots.folder(id)}/Dockerfile`;
  return { file: withoutPassword(url), text: readable(rooms, () => readDockerfile(path)) };
}

async function fromSource(
  op: SourceOp,
  { dockerfile, spooled, buildArgs = {} }: InputOptions,
  given: DockerfileText | undefined,
  rooms: OpRooms,
  ctx: Ctx,
): Promise<BuildInput> {
  const id = await fetchSource(op, rooms, ctx);
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
  const own = given ?? (dockerfile === "-" ? fromInput(spooled) : undefined);
  if (own) return made(own.file, own.text);
  if (dockerfile !== undefined && isAbsolute(dockerfile)) return made(dockerfile, readDockerfile(dockerfile));
  const path = findDockerfile(op, folder, dockerfile);
  if (path === undefined) {
    throw new SlipwayError({
      code: "SLIP_DOCKERFILE_NOT_FOUND",
      message: `No ${dockerfile ?? "Dockerfile"} in ${shownSource(op)}`,
      hint: "name it with -f: a path in the context, or an absolute path of this machine",
    });
  }
  return made(
    dockerfile ?? "Dockerfile",
    readable(rooms, () => readDockerfile(path)),
  );
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

/** When what comes from elsewhere was made, in seconds since the epoch; undefined where nothing says it. Fetches it. */
export async function sourceTime(op: SourceOp, rooms: OpRooms, ctx: Ctx): Promise<number | undefined> {
  const id = await fetchSource(op, rooms, ctx);
  return readable(rooms, () => treeTime(op, id, rooms.store)) || undefined;
}

/** The snapshot with what is at an address or in an archive. */
async function fetchSource(op: SourceOp, rooms: OpRooms, ctx: Ctx): Promise<SnapshotId> {
  const source = vertex(op, [], { text: "load build context" });
  const treeOf = async (within: OpRooms, by = ctx): Promise<SnapshotId> => {
    const tree = await opFor(source, within).run([], by);
    if (tree.kind !== "snapshot" || tree.id === undefined) throw new Error("a fetched context is no snapshot");
    await folderHere(tree.id, within);
    return tree.id;
  };
  if (!rooms.machinery) return treeOf(rooms);
  try {
    return await treeOf({ ...rooms, machinery: undefined });
  } catch (error) {
    if (!(error instanceof NeedsRun)) throw error;
  }
  const started = Date.now();
  const step = `fetch ${source.digest}`;
  announce(ctx, step, `fetch ${shownSource(op)}`);
  // What it tells of its progress is told under the step that is shown.
  const told: Ctx = {
    ...ctx,
    emit: (event) => ctx.emit(event.type === "step-progress" ? { ...event, id: step } : event),
  };
  try {
    const id = await treeOf(rooms, told);
    ctx.emit({ type: "step-done", id: step, duration: Date.now() - started });
    return id;
  } catch (error) {
    endFailed(ctx, step, started, error);
    throw error;
  }
}

function shownSource(op: SourceOp): string {
  if (op.kind === "git") return shownRemote(op.source.remote);
  return op.kind === "http" ? withoutPassword(op.url) : "the archive on standard input";
}
