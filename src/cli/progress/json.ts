import type { Out } from "../io.ts";
import type { Progress } from "./progress.ts";

/**
 * Every event as one line of JSON on standard error, as docker's rawjson goes there; last comes a line of type "result" or "error".
 */
export function jsonProgress(out: Out): Progress {
  const line = (value: unknown): void => void out.write(`${JSON.stringify(value)}\n`);
  return {
    event: line,
    succeed: (result) => line({ type: "result", ...result }),
    fail: (error) => {
      line({ type: "error", exitCode: error.exitCode, error: error.toJSON() });
      return "told";
    },
  };
}
