import { chmodSync, lchownSync, mkdirSync, statfsSync, writeFileSync } from "node:fs";
import { posix } from "node:path";
import { type Ctx, type Digest, type Mount, SlipwayError } from "../base/index.ts";
import type { ExecMount, ExecOp, Vertex } from "../graph/index.ts";
import type { ProcessSpec } from "../sandbox/index.ts";
import type { Op } from "../solve/index.ts";
import type { FileTree, GuardedStep, OpRooms } from "./contract.ts";
import { keepFailed } from "./failed-exec.ts";
import { machinery, snapshotOf } from "./machinery.ts";
import { type Part, takenPart } from "./mounts/bind.ts";
import { type OpenMounts, openMounts } from "./mounts/open-mounts.ts";
import { type Checksum, sourceChecksum } from "./sources.ts";
import { find } from "./tree/find.ts";
import { resolveInRoot } from "./tree/root-path.ts";
import { findGroupsOf, findUser } from "./users.ts";
import { stepKey } from "./step-key.ts";

/**
 * RUN: a process over a file system. Keyed by all that it is given: bind mounts by what they show, caches by their names and what new ones
 * begin with, secrets by their names alone; proxies not at all.
 */
export function execOp(op: ExecOp, vertex: Vertex, rooms: OpRooms): Op<FileTree> {
  const { mounts: wanted } = op;
  const rest = keyedSettings(op);
  const shown = new Set(wanted.flatMap((mount) => shownPart(mount)?.input ?? []));
  /** What the content key was made of, by the number of the mount. */
  const keyed = new Map<number, Checksum>();
  const contentKey: Op<FileTree>["contentKey"] = async ([base], results, ctx) => {
    for (const [at, mount] of wanted.entries()) {
      const part = shownPart(mount);
      if (!part) continue;
      keyed.set(at, await sourceChecksum(takenPart(part, vertex), results.get(part.input) as FileTree, rooms, ctx));
    }
    const mounts = wanted.map((mount, at) => keyedMount(mount, keyed.get(at)?.digest));
    return stepKey({ op: { ...rest, mounts }, inputs: [base] });
  };
  return {
    role: "step",
    key: (inputs) => {
      const mounts = wanted.map((mount) => keyedMount(mount));
      return stepKey({ op: { ...rest, mounts }, inputs: inputs.filter((_, at) => at === 0 || shown.has(at)) });
    },
    ...(shown.size > 0 && { contentInputs: [...shown], contentKey }),
    run: async (inputs, ctx) => {
      const { snapshotter, executor } = machinery(rooms);
      const runner = await executor();
      await using mounted = await openMounts(op, vertex, inputs, keyed, rooms, ctx);
      await using active = await snapshotter.prepare(snapshotOf(inputs[0]));
      const root = await active.root();
      await using files = privateFiles(op, rooms);
      const output = collectOutput(vertex.digest, ctx);
      const process = execProcess(op, root, mounted, files.mounts, rooms);
      const stdio = { type: "pipe", onOutput: output.write, drained: ctx.drained } as const;
      // Until it is committed: its bytes are nobody's before.
      using watched = machinery(rooms).guard?.watch(vertex.origin.text, [active.upper, ...mounted.caches]);
      const { exitCode } = await runWatched(watched, ctx, (part) => runner.run({ ...process, stdio }, part));
      output.end();
      if (exitCode !== 0) {
        const full = isFull(root);
        const kept = !full && (await keepFailed(op, vertex, inputs, active, exitCode, rooms));
        throw failure(op, exitCode, output.text(), full, kept);
      }
      return { kind: "snapshot", id: (await active.commit()).id };
    },
  };
}

/** Runs until it ends, or has to for the guard. */
async function runWatched<T>(step: GuardedStep | undefined, ctx: Ctx, run: (ctx: Ctx) => Promise<T>): Promise<T> {
  if (!step) return run(ctx);
  try {
    return await run({ ...ctx, signal: AbortSignal.any([ctx.signal, step.signal]) });
  } catch (error) {
    throw step.signal.aborted && !ctx.signal.aborted ? step.signal.reason : error;
  }
}

/** What a step's process gets, but for its standard streams. */
export function execProcess(
  op: ExecOp,
  root: string,
  mounted: OpenMounts,
  files: readonly Mount[],
  rooms: OpRooms,
): Omit<ProcessSpec, "stdio"> {
  const user = processUser(root, op.user);
  makeFolder(root, op.cwd, user, machinery(rooms).squashOwners);
  const process: Omit<ProcessSpec, "stdio"> = {
    root,
    args: op.args,
    env: lastOfEach([...missing(mounted.agentEnv, op.env), ...op.env, ...(op.secretEnv ?? []), ...mounted.env]),
    cwd: op.cwd,
    user,
    mounts: [...mounted.mounts, ...files],
    network: op.network,
    hostname: op.hostname ?? "buildkitsandbox",
    extraHosts: op.extraHosts,
    ulimits: op.ulimits,
    shmSize: op.shmSize,
    privileged: op.security === "insecure",
    cgroup: cgroupOf(op),
  };
  return withHome(process, root, op.user);
}

/**
 * The step as the key has it, but for its mounts. Proxies and the addresses of hosts may change from day to day; how much of the
 * machine a step may take does not change what it makes.
 */
function keyedSettings(op: ExecOp): Readonly<Record<string, unknown>> {
  const { secretEnv: _, mounts: _mounts, cgroupParent: _parent, resources: _resources, extraHosts, ...rest } = op;
  return { ...rest, extraHosts: extraHosts?.map(({ name }) => name) };
}

function cgroupOf({ cgroupParent, resources }: ExecOp): ProcessSpec["cgroup"] {
  return cgroupParent === undefined && resources === undefined ? undefined : { parent: cgroupParent, ...resources };
}

/** A working folder that the image names and does not have is made, for the user of the step; it stays. */
function makeFolder(root: string, path: string, { uid, gid }: ProcessSpec["user"], squash: boolean): void {
  let at = root;
  for (const part of resolveInRoot(root, path, true).split("/").filter(Boolean)) {
    at = `${at}/${part}`;
    if (find(at)) continue;
    mkdirSync(at);
    chmodSync(at, 0o755);
    if (!squash) lchownSync(at, uid, gid);
  }
}

/** Each name once, with its last value. */
function lastOfEach(env: readonly string[]): readonly string[] {
  return [...new Map(env.map((variable) => [nameOf(variable), variable])).values()];
}

/** Variables that the others do not set. */
function missing(wanted: readonly string[], env: readonly string[]): readonly string[] {
  const names = new Set(env.map(nameOf));
  return wanted.filter((variable) => !names.has(nameOf(variable)));
}

/** What a mount takes from the files of an input: all that a bind mount shows, and what a new cache begins with. */
function shownPart(mount: ExecMount): Part | undefined {
  if (mount.type === "bind") return mount;
  return mount.type === "cache" ? mount.seed : undefined;
}

/**
 * A mount as the key has it. What a cache has come to hold never counts, nor with whom it is shared.
 * @param shown the digest of what the mount takes from an input: it then counts in place of where that comes from.
 */
function keyedMount(mount: ExecMount, shown?: Digest): unknown {
  if (mount.type === "cache") {
    const { sharing: _, readonly, seed, ...rest } = mount;
    return { ...rest, readonly: readonly || undefined, seed: shown ?? seed };
  }
  if (mount.type !== "bind" || shown === undefined) return mount;
  return { type: mount.type, target: mount.target, readonly: mount.readonly, shown };
}

function nameOf(variable: string): string {
  return variable.split("=", 1)[0] ?? "";
}

/**
 * What USER means for a process: its groups come along unless a group was given. Its own group is always among them: permissions
 * that a file denies to that group could otherwise be had by a process that changes its group (CVE-2022-36109).
 */
export function processUser(root: string, user: string | undefined): ProcessSpec["user"] {
  const { uid, gid } = user === undefined ? { uid: 0, gid: 0 } : findUser(root, user, 0);
  return {
    uid,
    gid,
    additionalGids: [...new Set([gid, ...(user?.includes(":") ? [] : findGroupsOf(root, uid))])],
  };
}

/** HOME as the password file has it, unless it is set to something. */
export function withHome<P extends Pick<ProcessSpec, "env">>(process: P, root: string, user: string | undefined): P {
  if (process.env.some((variable) => /^HOME=./s.test(variable))) return process;
  const { home } = findUser(root, user ?? "0", 0);
  return { ...process, env: [...process.env.filter((variable) => variable !== "HOME="), `HOME=${home}`] };
}

/** Files that the process alone sees, bound over the root while it runs. */
export function privateFiles(op: ExecOp, { store }: OpRooms): AsyncDisposable & { readonly mounts: readonly Mount[] } {
  if (op.files.length === 0) return { mounts: [], [Symbol.asyncDispose]: async () => undefined };
  const folder = store.scratch();
  const mounts = op.files.map(({ path, content, mode }, at): Mount => {
    const file = `${folder}/${at}`;
    writeFileSync(file, content);
    chmodSync(file, mode);
    return { type: "bind", source: file, target: path, options: ["ro"] };
  });
  return { mounts, [Symbol.asyncDispose]: async () => store.discard(folder) };
}

interface Output {
  readonly write: (stream: "stdout" | "stderr", chunk: Uint8Array) => void;
  readonly end: () => void;
  readonly text: () => string;
}

/** A failed step's output is shown whole, but a step that writes without end must not take all memory. */
const keptOutput = 4 << 20;

function collectOutput(id: string, ctx: Ctx): Output {
  const decoders = { stdout: new TextDecoder(), stderr: new TextDecoder() };
  const kept: string[] = [];
  let size = 0;
  const add = (stream: "stdout" | "stderr", text: string): void => {
    if (text === "") return;
    ctx.emit({ type: "step-output", id, stream, text });
    kept.push(text);
    size += text.length;
    while (size > keptOutput && kept.length > 1) size -= (kept.shift() as string).length;
  };
  return {
    write: (stream, chunk) => add(stream, decoders[stream].decode(chunk, { stream: true })),
    end: () => {
      add("stdout", decoders.stdout.decode());
      add("stderr", decoders.stderr.decode());
    },
    text: () => kept.join(""),
  };
}

/** Less than this is left to a process that failed for want of space (bytes). */
const fullBelow = 1 << 20;

function isFull(root: string): boolean {
  const { bavail, bsize } = statfsSync(root);
  return bavail * bsize < fullBelow;
}

function failure(op: ExecOp, exitCode: number, output: string, diskFull: boolean, kept: boolean): SlipwayError {
  const hints = [diskFull ? fullHint : exitHint(op, exitCode), ...(kept ? [shellHint] : [])];
  const command = op.args.join(" ");
  return new SlipwayError({
    code: "SLIP_RUN_FAILED",
    message: `Process ${JSON.stringify(command)} did not complete successfully: exit code: ${exitCode}`,
    hint: hints.filter((hint) => hint !== undefined).join("\n") || undefined,
    output,
  });
}

const shellHint = "`slipway shell` opens what it left; `slipway shell --before` what it began with";

const fullHint = "the disk that holds the store is full: free space, or run `slipway prune`";

function exitHint(op: ExecOp, exitCode: number): string | undefined {
  const program = posix.basename(op.args[0] ?? "");
  if (exitCode === 127) return `${program} or a program that it starts was not found in the image`;
  if (exitCode === 126)
    return `${program} or a program that it starts cannot be executed: see its mode and architecture`;
  if (exitCode === 137) return "it was killed (SIGKILL): the machine may have run out of memory";
  return undefined;
}
