import { type Digest, digestOf } from "../base/index.ts";

/** Raised when a step of the same definition comes to give something else than before: a mended bug must not stay a hit. */
export const stepKeyVersion = 1;

/** The key of a step from all that decides what it gives. */
export function stepKey(of: Readonly<Record<string, unknown>>): Digest {
  return digestOf({ version: stepKeyVersion, ...of });
}
