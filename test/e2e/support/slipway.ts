import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

/** The command as users have it. */
export const program = fileURLToPath(new URL("../../../bin/slipway", import.meta.url));

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CallOptions {
  readonly store: string;
  readonly env?: Readonly<Record<string, string>> | undefined;
  readonly cwd?: string | undefined;
  /** A file that is standard input; without it there is none. */
  readonly stdin?: string | undefined;
}

/** A slipway that runs, in a process group of its own. */
export interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /** Text on standard error so far. */
  readonly said: () => string;
}

/** Longer than any call here takes on a busy machine; then it is killed and the test fails. */
const usualPatience = 60_000;

/** Starts the command. Of the environment it gets what is named here alone. */
export function start(args: readonly string[], { store, env = {}, cwd, stdin }: CallOptions): Running {
  return startGroup([program, ...args], {
    cwd,
    stdin,
    env: { ...keptEnvironment("HOME"), SLIPWAY_ROOT: store, ...env },
  });
}

/** Variables that any slipway of a test needs to find its tools, with others by name. */
export function keptEnvironment(...others: readonly string[]): Readonly<Record<string, string>> {
  const kept = ["PATH", "TMPDIR", "SLIPWAY_RUNTIME", "SLIPWAY_DEBIAN_MIRROR", "NODE_EXTRA_CA_CERTS", ...others];
  return Object.fromEntries(kept.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])));
}

/** Starts a program in a process group of its own, and ends the group when it takes longer than `patience` (milliseconds). */
export function startGroup(
  [command, ...args]: readonly string[],
  options: {
    readonly cwd: string | undefined;
    readonly env: Readonly<Record<string, string>>;
    readonly patience?: number | undefined;
    readonly stdin?: string | undefined;
  },
): Running {
  const { cwd, env, patience = usualPatience, stdin } = options;
  const input = stdin === undefined ? undefined : openSync(stdin, "r");
  const child = spawn(command as string, args, {
    cwd,
    env,
    stdio: [input ?? "ignore", "pipe", "pipe"],
    detached: true,
  });
  if (input !== undefined) closeSync(input);
  const out: Record<"stdout" | "stderr", string> = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name]!.setEncoding("utf8").on("data", (text: string) => (out[name] += text));
  }
  const timer = setTimeout(() => killGroup(child), patience);
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, ...out }));
  }).finally(() => clearTimeout(timer));
  return { child, ended, said: () => out.stderr };
}

/** SIGKILL for the command and all that it has started: the engine is in its process group, and the containers die with the engine. */
export function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // it has ended
  }
}

/** The processes of a group that still run, by their whole command lines. */
export function processGroup(group: number): readonly { readonly pid: number; readonly command: string }[] {
  const { stdout } = spawnSync("ps", ["-eo", "pgid=,stat=,pid=,args="], { encoding: "utf8" });
  return stdout.split("\n").flatMap((line) => {
    const [, pgid, stat, pid, command = ""] = /^\s*(\d+)\s+(\S+)\s+(\d+)\s(.*)$/.exec(line) ?? [];
    return Number(pgid) === group && !stat?.startsWith("Z") ? [{ pid: Number(pid), command }] : [];
  });
}

/** Waits until something holds. Throws after 20 seconds. */
export async function until(holds: () => boolean): Promise<void> {
  for (const end = Date.now() + 20_000; !holds(); await sleep(20)) {
    if (Date.now() > end) throw new Error(`did not happen: ${holds.toString()}`);
  }
}

/** What the steps of a build did, from `--progress=json`: text of the step -> ran, cached, failed or cancelled. */
export function stepsOf(stderr: string): Readonly<Record<string, string>> {
  const texts = new Map<string, string>();
  const did: Record<string, string> = {};
  for (const event of eventsOf(stderr)) {
    if (event.type === "graph") for (const { id, text } of event.steps ?? []) texts.set(id, text);
    const ended = {
      "step-done": "ran",
      "step-cached": "cached",
      "step-failed": "failed",
      "step-cancelled": "cancelled",
    };
    const end = ended[event.type as keyof typeof ended];
    const text = texts.get(event.id ?? "");
    if (end !== undefined && text !== undefined && !text.startsWith("load build context")) did[text] = end;
  }
  return did;
}

/** A line of `--progress=json`, with the members that tests read. */
export interface JsonEvent {
  readonly type: string;
  readonly id?: string;
  readonly time?: number;
  readonly duration?: number;
  readonly text?: string;
  readonly message?: string;
  readonly target?: string;
  readonly skippedStages?: readonly string[];
  readonly steps?: readonly { readonly id: string; readonly text: string; readonly stage?: string }[];
  readonly exitCode?: number;
  readonly imageId?: string;
  readonly error?: {
    readonly code: string;
    readonly message: string;
    readonly hint?: string;
    readonly location?: { readonly span: { readonly startLine: number } };
  };
  /** Of a warning: the check that it comes from, and its line. */
  readonly code?: string;
  readonly line?: number;
}

export function eventsOf(stderr: string): readonly JsonEvent[] {
  return stderr
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line) as JsonEvent);
}
