import { SlipwayError } from "../../base/index.ts";

/** SLIP_CONFIG: what is wrong with the file. */
export function bad(
  file: string,
  problem: string,
  hint = "docs/registries.md tells what may stand there",
  cause?: unknown,
): SlipwayError {
  return new SlipwayError({ code: "SLIP_CONFIG", message: `Cannot use ${file}: ${problem}`, hint, cause });
}
