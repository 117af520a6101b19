import { chmodSync, statfsSync, writeFileSync } from "node:fs";
import { posix } from "node:path";
import { type Ctx, digestOf, type Mount, SlipwayError } from "../base/index.ts";
import type { ExecOp } from "../graph/index.ts";
import type { ProcessSpec } from "../sandbox/index.ts";
import type { Op } from "../solve/index.ts";
import type { FileTree, OpRooms } from "./contract.ts";
import { machinery, snapshotOf } from "./machinery.ts";
import { findGroupsOf, findUser } from "./users.ts";

/** RUN: a process over a file system. Keyed by all that it is given, proxies excepted. */
export function execOp(op: ExecOp, rooms: OpRooms, id: string): Op<FileTree> {
  const { secretEnv: _unkeyed, ...keyed } = op;
  return {
    role: "step",
    key: (inputs) => digestOf({ op: keyed, inputs }),
    run: async ([base], ctx) => {
      const { snapshotter, executor } = machinery(rooms);
      const runner = await executor();
      await using active = await snapshotter.prepare(snapshotOf(base));
      const root = await active.root();
      await using files = privateFiles(op, rooms);
      const output = collectOutput(id, ctx);
      const process: ProcessSpec = {
        root,
        args: op.args,
        env: [...op.env, ...(op.secretEnv ?? [])],
        cwd: op.cwd,
        user: processUser(root, op.user),
        mounts: files.mounts,
        network: op.network,
        hostname: "slipway",
        stdio: { type: "pipe", onOutput: output.write, drained: ctx.drained },
      };
      const { exitCode } = await runner.run(withHome(process, root, op.user), ctx);
      output.end();
      if (exitCode !== 0) throw failure(op, exitCode, output.text(), isFull(root));
      return { kind: "snapshot", id: (await active.commit()).id };
    },
  };
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

/** HOME as the password file has it, unless it is set. */
export function withHome(process: ProcessSpec, root: string, user: string | undefined): ProcessSpec {
  if (process.env.some((variable) => variable.startsWith("HOME="))) return process;
  const { home } = findUser(root, user ?? "0", 0);
  return { ...process, env: [...process.env, `HOME=${home}`] };
}

/** Files that the process alone sees, bound over the root while it runs. */
function privateFiles(op: ExecOp, { store }: OpRooms): AsyncDisposable & { readonly mounts: readonly Mount[] } {
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

function failure(op: ExecOp, exitCode: number, output: string, diskFull: boolean): SlipwayError {
  const command = op.args.join(" ");
  return new SlipwayError({
    code: "SLIP_RUN_FAILED",
    message: `Process ${JSON.stringify(command)} did not complete successfully: exit code: ${exitCode}`,
    hint: diskFull ? fullHint : exitHint(op, exitCode),
    output,
  });
}

const fullHint = "the disk that holds the store is full: free space, or run `slipway prune`";

function exitHint(op: ExecOp, exitCode: number): string | undefined {
  const program = posix.basename(op.args[0] ?? "");
  if (exitCode === 127) return `${program} or a program that it starts was not found in the image`;
  if (exitCode === 126)
    return `${program} or a program that it starts cannot be executed: see its mode and architecture`;
  if (exitCode === 137) return "it was killed (SIGKILL): the machine may have run out of memory";
  return undefined;
}
