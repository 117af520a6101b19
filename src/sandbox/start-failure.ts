import { readFileSync } from "node:fs";
import { SlipwayError } from "../base/index.ts";
import type { ProcessSpec, Runtime } from "./contract.ts";

/** A process that never began: what a shell would say, and its exit code. */
export interface NotExecuted {
  readonly message: string;
  readonly exitCode: 126 | 127;
}

/**
 * What the runtime's log says after an exit code other than 0.
 * @returns undefined when the process itself gave the code; a SlipwayError when the sandbox could not be made.
 */
export function startFailure(
  log: string,
  spec: ProcessSpec,
  runtime: Runtime,
  killedBy: NodeJS.Signals | null,
): NotExecuted | SlipwayError | undefined {
  const said = errorsIn(log);
  if (said.length === 0 && killedBy === null) return undefined;
  const words = said.join("; ");
  const program = spec.args[0] ?? "";
  if (/executable file .* not found|executable .* not found in \$PATH/i.test(words)) {
    return { message: `exec: ${program}: not found in PATH`, exitCode: 127 };
  }
  if (/exec/.test(words) && !/cgroup|mount/.test(words)) {
    if (/no such file or directory/i.test(words)) return { message: `exec: ${program}: not found`, exitCode: 127 };
    if (/permission denied/i.test(words)) return { message: `exec: ${program}: permission denied`, exitCode: 126 };
    if (/exec format error/i.test(words)) {
      return { message: `exec: ${program}: not a program of this architecture (exec format error)`, exitCode: 126 };
    }
  }
  return new SlipwayError({
    code: "SLIP_SANDBOX",
    message: `Cannot run ${JSON.stringify(program)} in ${runtime.name}: ${words || `it was killed by ${killedBy}`}`,
    hint: killedBy === "SIGKILL" ? "the machine may have run out of memory" : undefined,
  });
}

/** Messages of level error and above; crun and runc both write one JSON object a line. */
function errorsIn(log: string): string[] {
  let text: string;
  try {
    text = readFileSync(log, "utf8");
  } catch {
    return [];
  }
  return text
    .split("\n")
    .filter(Boolean)
    .flatMap((line) => {
      try {
        const { level, msg } = JSON.parse(line) as { readonly level?: string; readonly msg?: string };
        return level === "error" || level === "fatal" ? [String(msg)] : [];
      } catch {
        return [line];
      }
    });
}
