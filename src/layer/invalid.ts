import { SlipwayError } from "../base/index.ts";

/** SLIP_LAYER_INVALID about an archive from outside: `reason` completes "Cannot unpack the archive: ...". */
export function invalidArchive(
  reason: string,
  cause?: unknown,
  hint = "the archive is damaged, or made to do harm; get it again from a source you trust",
): SlipwayError {
  return new SlipwayError({
    code: "SLIP_LAYER_INVALID",
    message: `Cannot unpack the archive: ${reason}`,
    hint,
    cause,
  });
}
