import { SlipwayError } from "../base/index.ts";
import type { RunOptions } from "./api.ts";
import { callEngine } from "./call-engine.ts";
import { catchSignals, signalExitCode } from "./signal-relay.ts";
import { ownTerminalSize } from "./terminal-size.ts";

/**
 * Runs a container from an image over a throw-away snapshot, on this process's own standard streams.
 * @returns the exit code of its process; 128 + n when signal n ended it.
 * @throws SLIP_IMAGE_UNKNOWN, SLIP_USER_UNKNOWN, SLIP_USAGE for an image without a command.
 */
export async function run({
  signal,
  forwardSignals,
  onEvent,
  ...options
}: RunOptions): Promise<{ readonly exitCode: number }> {
  const terminal = options.tty === true;
  const streams = { stdin: options.interactive === true || terminal, terminal };
  using signals = forwardSignals ? catchSignals() : undefined;
  try {
    const terminalSize = options.terminalSize ?? (terminal ? ownTerminalSize() : undefined);
    return await callEngine("run", { ...options, terminalSize }, { signal, onEvent, streams, signals });
  } catch (error) {
    // A signal that came before the process had started, to which it would have gone.
    const early = error instanceof SlipwayError && error.code === "SLIP_CANCELLED" && signal?.aborted !== true;
    if (early && signals?.last) return { exitCode: signalExitCode(signals.last) };
    throw error;
  }
}
