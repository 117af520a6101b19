import { SlipwayError } from "../../base/index.ts";

export function unauthorized(message: string, hint: string, cause?: unknown): SlipwayError {
  return new SlipwayError({ code: "SLIP_UNAUTHORIZED", message, hint, cause });
}
