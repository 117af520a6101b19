import type { RunOptions } from "./api.ts";
import { callEngine } from "./call-engine.ts";

/**
 * Runs a container from an image over a throw-away snapshot, on this process's own standard streams.
 * @returns the exit code of its process; 128 + n when signal n ended it.
 * @throws SLIP_IMAGE_UNKNOWN, SLIP_USER_UNKNOWN, SLIP_USAGE for an image without a command.
 */
export async function run({ signal, onEvent, ...options }: RunOptions): Promise<{ readonly exitCode: number }> {
  const stdin = options.interactive === true || options.tty === true;
  return callEngine("run", options, { signal, onEvent, streams: { stdin } });
}
