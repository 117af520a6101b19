import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { constants } from "node:os";
import { SlipwayError, toSlipwayError } from "../base/index.ts";
import { spawnProcess } from "../base/syscalls.ts";
import { carryStreams, type CarriedStreams } from "./carried-streams.ts";
import type { ExitResult, ProcessSpec, Runtime } from "./contract.ts";
import { deliverSignals } from "./deliver-signals.ts";
import { openOutputPipes, type OutputPipes } from "./output-pipes.ts";
import { killContainer, signal as sendSignal } from "./process-tree.ts";
import { runtimeArguments, runtimeEnvironment } from "./runtime.ts";
import { startFailure } from "./start-failure.ts";

export interface RuntimeRun {
  readonly runtime: Runtime;
  /** The runtime's own folder, shared by all its containers. */
  readonly state: string;
  /** The folder with config.json. */
  readonly bundle: string;
  /** The container's id. */
  readonly container: string;
  readonly process: ProcessSpec;
  /** Open `cgroup.procs` of the control groups that it is to run in. */
  readonly doors: readonly number[];
  readonly signal: AbortSignal;
}

/** How long a runtime may take to notice that its container was killed. */
const patience = 2000;

/** Runs `crun run` (or runc) over a bundle until the container has ended. */
export async function runRuntime(run: RuntimeRun): Promise<ExitResult> {
  const { runtime, state, bundle, process: spec, signal } = run;
  const log = `${bundle}/log`;
  const args = [
    ...runtimeArguments(runtime, state),
    "--log",
    log,
    // what crun says of a failed execve goes to the process's standard error in the same form, so in words
    `--log-format=${runtime.name === "crun" ? "text" : "json"}`,
    "run",
    "--bundle",
    bundle,
    run.container,
  ];
  using pipes = spec.stdio.type === "pipe" ? openOutputPipes() : undefined;
  using carried = spec.stdio.type === "inherit" && !spec.terminal ? carryStreams() : undefined;
  const child = start(run, args, pipes, carried);
  using _stop = killOnAbort(child, signal);
  using delivery = child.pid === undefined ? undefined : deliverSignals(child.pid, spec.signals);
  const output = spec.stdio.type === "pipe" ? pipes?.read(spec.stdio) : carried?.carry(() => delivery?.nobodyReads());
  // Who wants it to end need not wait for somebody who does not read what is left.
  const given = child.ended.then(() => delivery?.afterSignal(patience)).catch(() => undefined);
  let how: Ended;
  let lost: SlipwayError | undefined;
  try {
    const [ended, failure] = await Promise.all([child.ended, output && Promise.race([output, given])]);
    [how, lost] = [ended, failure ?? undefined];
  } catch (cause) {
    if (toSlipwayError(cause).code === "SLIP_DISK_FULL") throw cause;
    throw new SlipwayError({
      code: "SLIP_SANDBOX",
      message: `Cannot start ${runtime.path}: ${(cause as Error).message}`,
      cause,
    });
  }
  throwIfCancelled(signal);
  if (lost) throw lost;
  const [code, by] = how;
  if (code === 0) return { exitCode: 0 };
  if (delivery?.endedBy !== undefined) return { exitCode: 128 + delivery.endedBy };
  const failure = startFailure(log, spec, runtime, code, by);
  if (failure instanceof SlipwayError) throw failure;
  if (failure === undefined) return { exitCode: code as number };
  return { exitCode: failure };
}

/** Throws SLIP_CANCELLED when the signal has aborted. */
export function throwIfCancelled(signal: AbortSignal): void {
  if (signal.aborted) throw new SlipwayError({ code: "SLIP_CANCELLED", message: "Cancelled", cause: signal.reason });
}

type Ended = readonly [code: number | null, by: NodeJS.Signals | null];

/** The runtime while it runs. */
interface Started {
  /** Undefined when it could not be started; `ended` tells why. */
  readonly pid: number | undefined;
  readonly ended: Promise<Ended>;
  hasEnded(): boolean;
}

function start(
  run: RuntimeRun,
  args: readonly string[],
  pipes: OutputPipes | undefined,
  carried: CarriedStreams | undefined,
): Started {
  const { stdio } = run.process;
  const quick = stdio.type === "pipe" && stdio.stdin === undefined && run.doors.length === 0;
  return quick && pipes ? startQuickly(run, args, pipes) : startWithNode(run, args, pipes, carried);
}

/** Away from the terminal's signals, which come through this process. */
function startQuickly({ runtime }: RuntimeRun, args: readonly string[], { stdio }: OutputPipes): Started {
  const nothing = openSync("/dev/null", "r");
  try {
    const env = Object.entries(runtimeEnvironment(runtime)).flatMap(([name, value]) =>
      value === undefined ? [] : [`${name}=${value}`],
    );
    let done = false;
    const spawned = spawnProcess(runtime.path, args, env, [nothing, ...stdio]);
    const ended = spawned.ended.then((how): Ended => {
      done = true;
      return "code" in how ? [how.code, null] : [null, signalName(how.signal)];
    });
    return { pid: spawned.pid, ended, hasEnded: () => done };
  } catch (error) {
    const failed = async (): Promise<Ended> => {
      throw error;
    };
    return { pid: undefined, ended: failed(), hasEnded: () => true };
  } finally {
    closeSync(nothing);
  }
}

function signalName(number: number): NodeJS.Signals {
  const names = Object.entries(constants.signals) as readonly (readonly [NodeJS.Signals, number])[];
  return names.find(([, value]) => value === number)?.[0] ?? "SIGKILL";
}

function startWithNode(
  run: RuntimeRun,
  args: readonly string[],
  pipes: OutputPipes | undefined,
  carried: CarriedStreams | undefined,
): Started {
  const { runtime, process: spec } = run;
  const { command, before, extra } = inCgroups(run.doors);
  const child = spawn(command ?? runtime.path, [...before, ...(command ? [runtime.path] : []), ...args], {
    stdio: [...(carried?.stdio ?? streams(spec, pipes)), ...extra],
    env: runtimeEnvironment(runtime),
    // As above; only a terminal of its own needs to be near.
    detached: spec.terminal !== true,
  });
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, by) => resolve([code, by]));
  });
  feed(child, spec);
  return { pid: child.pid, ended, hasEnded: () => child.exitCode !== null };
}

/** A shell goes into the control groups and becomes the runtime, so that no process of the container begins outside. */
function inCgroups(doors: readonly number[]): {
  readonly command: string | undefined;
  readonly before: readonly string[];
  readonly extra: readonly number[];
} {
  if (doors.length === 0) return { command: undefined, before: [], extra: [] };
  // standard streams are 0 to 2; a shell knows one digit
  const numbers = doors.map((_, at) => at + 3);
  const script = numbers.map((number) => `echo 0 >&${number} && exec ${number}>&- || exit 1`).join("\n");
  return { command: "/bin/sh", before: ["-c", `${script}\nexec "$@"`, "sh"], extra: doors };
}

function streams({ stdio }: ProcessSpec, pipes: OutputPipes | undefined): ("inherit" | "pipe" | "ignore" | number)[] {
  if (stdio.type === "inherit" || !pipes) return ["inherit", "inherit", "inherit"];
  return [stdio.stdin === undefined ? "ignore" : "pipe", ...pipes.stdio];
}

function feed(child: ChildProcess, { stdio }: ProcessSpec): void {
  if (stdio.type === "inherit") return;
  // a process need not read what it is given
  child.stdin?.on("error", () => undefined);
  child.stdin?.end(stdio.stdin);
}

function killOnAbort(child: Started, signal: AbortSignal): Disposable {
  let timer: NodeJS.Timeout | undefined;
  const kill = (): void => {
    const { pid } = child;
    if (pid === undefined || child.hasEnded()) return;
    killContainer(pid);
    timer = setTimeout(() => sendSignal(pid, "SIGKILL"), patience);
  };
  signal.addEventListener("abort", kill, { once: true });
  return {
    [Symbol.dispose]: () => {
      signal.removeEventListener("abort", kill);
      clearTimeout(timer);
    },
  };
}
