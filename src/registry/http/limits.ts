import type { RegistryLimits } from "../contract.ts";

export const defaultLimits: RegistryLimits = {
  attempts: 5,
  backoff: 500,
  longestWait: 60_000,
  connect: 20_000,
  headers: 60_000,
  stall: 30_000,
  slowest: 1024,
  redirects: 5,
};

/** Bytes of a manifest or index: what registries must take and clients may refuse above (distribution-spec, "Pushing Manifests"). */
export const manifestLimit = 4 * 1024 * 1024;

/** Bytes of other answers that are read whole: tokens, errors, lists. */
export const answerLimit = 4 * 1024 * 1024;
