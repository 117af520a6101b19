import { readFileSync } from "node:fs";
import { SlipwayError } from "../base/index.ts";
import type { ProcessSpec, Runtime } from "./contract.ts";
import { unstartable } from "./unstartable.ts";

/** What crun and runc end with when the kernel refuses to start the program. */
const refusedStart: ReadonlySet<number> = new Set([1, 255]);

/**
 * What the runtime's log says after an exit code other than 0.
 * @returns undefined when the process itself gave the code; the code that a shell would give when its program was not found (127)
 *   or cannot be executed (126), of which the runtime has told on stderr; a SlipwayError when the sandbox could not be made.
 */
export function startFailure(
  log: string,
  spec: ProcessSpec,
  runtime: Runtime,
  code: number | null,
  killedBy: NodeJS.Signals | null,
): 126 | 127 | SlipwayError | undefined {
  const said = errorsIn(log);
  if (said.length === 0 && killedBy === null) {
    return code !== null && refusedStart.has(code) ? unstartable(spec) : undefined;
  }
  const words = said.join("; ");
  const program = spec.args[0] ?? "";
  if (/executable file (.* )?not found/i.test(words)) return 127;
  if (/exec/.test(words) && !/cgroup|mount|hook/.test(words)) {
    if (/no such file or directory/i.test(words)) return 127;
    if (/permission denied|operation not permitted|exec format error/i.test(words)) return 126;
  }
  return new SlipwayError({
    code: "SLIP_SANDBOX",
    message: `Cannot run ${JSON.stringify(program)} in ${runtime.name}: ${words || `it was killed by ${killedBy}`}`,
    hint: killedBy === "SIGKILL" ? "the machine may have run out of memory" : undefined,
  });
}

/** Messages of level error and above, one a line: runc writes JSON objects, crun bare words and nothing below that level. */
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
