import { readFileSync, readlinkSync } from "node:fs";
import { constants } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import type { SignalSource } from "./contract.ts";
import { childrenOf, signal as send } from "./process-tree.ts";

/** How often to look whether the contained process has started, in milliseconds. */
const interval = 10;
/** So often must a process be found to block a signal to be taken for one that fetches it. */
const enough = 10;

/** A terminal sends these to a whole process group: a shell that waits for its child counts on that. */
const ofTerminal: ReadonlySet<NodeJS.Signals> = new Set(["SIGINT", "SIGQUIT"]);

/** How long a process has to hear that nobody reads what it writes, in milliseconds. */
const hearing = 500;

export interface Delivery extends Disposable {
  /**
   * Its output goes nowhere from now on. The first process of a container hears so from write(2) alone: where it writes on and does not care for
   * SIGPIPE, it is ended, as any other process would have been.
   */
  nobodyReads(): void;
  /** Resolves when so many milliseconds have gone by since the first signal. */
  afterSignal(time: number): Promise<void>;
  /** The signal that ended the process where the kernel itself would have let it live. */
  readonly endedBy: number | undefined;
}

/**
 * Gives signals to the first process of a container. For the first process of a pid namespace the kernel drops those that it
 * does not care for, which would have ended any other process (pid_namespaces(7)); here they end it.
 * @param runtime id of the runtime's process, whose child the first process is.
 */
export function deliverSignals(runtime: number, source: SignalSource | undefined): Delivery {
  let waiting: readonly Waiting[] = [];
  let timer: NodeJS.Timeout | undefined;
  let endedBy: number | undefined;
  /** @returns what is still to be done about a signal. */
  const deliverOne = (first: number, { name, looks }: Waiting): Waiting | undefined => {
    const number = constants.signals[name];
    const care = careOf(first, number);
    if (looks === 0 && (care === "handles" || care === "blocks")) send(ofTerminal.has(name) ? -first : first, name);
    if (care === "nothing" && send(first, "SIGKILL")) endedBy ??= number;
    if (care === "holds") return { name, looks: Math.max(looks, 1) };
    // Blocked for a moment only, it is dropped when it is let in; for good, it is fetched by the process (sigwait(3)).
    return care === "blocks" && looks < enough ? { name, looks: looks + 1 } : undefined;
  };
  const deliver = (): void => {
    const first = contained(runtime);
    if (first !== undefined) waiting = waiting.flatMap((one) => deliverOne(first, one) ?? []);
    timer = waiting.length > 0 ? setTimeout(deliver, interval) : undefined;
  };
  const { promise: came, resolve: comes } = Promise.withResolvers<void>();
  const subscription = source?.subscribe((name) => {
    comes();
    waiting = [...waiting, { name, looks: 0 }];
    if (timer === undefined) deliver();
  });
  let listening: NodeJS.Timeout | undefined;
  return {
    get endedBy() {
      return endedBy;
    },
    afterSignal: (time) => came.then(() => sleep(time, undefined, { ref: false })),
    nobodyReads: () => {
      if (listening) return;
      let before = writesOf(contained(runtime));
      listening = setInterval(() => {
        const first = contained(runtime);
        const now = writesOf(first);
        const number = constants.signals.SIGPIPE;
        if (first !== undefined && now !== before && careOf(first, number) === "nothing" && send(first, "SIGKILL"))
          endedBy ??= number;
        before = now;
      }, hearing);
    },
    [Symbol.dispose]: () => {
      subscription?.[Symbol.dispose]();
      clearTimeout(timer);
      clearInterval(listening);
    },
  };
}

interface Waiting {
  readonly name: NodeJS.Signals;
  /** How often the process was found to block it; it was sent at the first. */
  readonly looks: number;
}

/** The first process, once the runtime's own program has made way for it. */
function contained(runtime: number): number | undefined {
  const [first, ...others] = childrenOf(runtime);
  if (first === undefined || others.length > 0) return undefined;
  try {
    const program = readlinkSync(`/proc/${first}/exe`);
    // runc makes itself a copy in memory, or a mount that is nowhere and so is "/"
    const isRuntime =
      [readlinkSync(`/proc/${runtime}/exe`), "/"].includes(program) || program.startsWith("/memfd:runc");
    return isRuntime ? undefined : first;
  } catch {
    // it has just ended
    return undefined;
  }
}

/** How often a process has written, refused writes too, and those of its children that it has waited for (proc_pid_io(5)). */
function writesOf(pid: number | undefined): string | undefined {
  try {
    return /^syscw: (\d+)$/m.exec(readFileSync(`/proc/${pid}/io`, "latin1"))?.[1];
  } catch {
    return undefined;
  }
}

/**
 * What a process would do about a signal, by fields of /proc/PID/status that have a bit for each: handle (or ignore) it, nothing
 * of its own; or it `blocks` it, and `holds` it when one has been sent already.
 */
function careOf(pid: number, number: number): "handles" | "blocks" | "holds" | "nothing" | "gone" {
  let status: string;
  try {
    status = readFileSync(`/proc/${pid}/status`, "latin1");
  } catch {
    return "gone";
  }
  const has = (...fields: readonly string[]): boolean =>
    fields.some((field) => {
      const mask = new RegExp(`^${field}:\\s*([0-9a-f]+)$`, "m").exec(status)?.[1] ?? "0";
      return ((BigInt(`0x${mask}`) >> BigInt(number - 1)) & 1n) === 1n;
    });
  if (has("SigIgn", "SigCgt")) return "handles";
  if (!has("SigBlk")) return "nothing";
  return has("SigPnd", "ShdPnd") ? "holds" : "blocks";
}
