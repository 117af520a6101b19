import type { RunOptions } from "../api/api.ts";
import { callContainer } from "./call-container.ts";

/**
 * Runs a container from an image over a throw-away snapshot, on this process's own standard streams.
 * @returns the exit code of its process; 128 + n when signal n ended it.
 * @throws SLIP_IMAGE_UNKNOWN, SLIP_USER_UNKNOWN, SLIP_USAGE for an image without a command.
 */
export async function run(options: RunOptions): Promise<{ readonly exitCode: number }> {
  return callContainer("run", options, { stdin: options.interactive === true, tty: options.tty === true });
}
