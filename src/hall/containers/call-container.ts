import { SlipwayError } from "../../base/index.ts";
import type { RunOptions } from "../api/api.ts";
import { callEngine } from "../engine/call-engine.ts";
import type { Jobs } from "../engine/protocol.ts";
import type { ShellOptions } from "../api/shell-api.ts";
import { catchSignals, signalExitCode } from "./signal-relay.ts";
import { ownTerminalSize } from "./terminal-size.ts";

/** Does a job that has a container on this process's own standard streams. */
export async function callContainer<J extends "run" | "shell">(
  job: J,
  { signal, forwardSignals, onEvent, ...options }: J extends "run" ? RunOptions : ShellOptions,
  { stdin, tty: terminal }: { readonly stdin: boolean; readonly tty: boolean },
): Promise<{ readonly exitCode: number }> {
  const streams = { stdin: stdin || terminal, terminal };
  using signals = forwardSignals ? catchSignals() : undefined;
  try {
    const terminalSize = options.terminalSize ?? (terminal ? ownTerminalSize() : undefined);
    const given = { ...options, terminalSize } as unknown as Jobs[J]["options"];
    return await callEngine(job, given, { signal, onEvent, streams, signals });
  } catch (error) {
    // A signal that came before the process had started, to which it would have gone.
    const early = error instanceof SlipwayError && error.code === "SLIP_CANCELLED" && signal?.aborted !== true;
    if (early && signals?.last) return { exitCode: signalExitCode(signals.last) };
    throw error;
  }
}
