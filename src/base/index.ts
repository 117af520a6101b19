/** Floor 0: what every room stands on. Imports nothing of slipway. */
export { type Digest, canonicalJson, digestOf, Hasher, isDigest, isSha512, sha256 } from "./digest.ts";
export {
  type ErrorCode,
  type SlipwayErrorInit,
  SlipwayError,
  errorCodes,
  isSlipwayError,
  toSlipwayError,
} from "./errors.ts";
export type { SourceLocation, SourceSpan } from "./source.ts";
export type { BuildEvent, Bytes, Ctx, StepInfo } from "./ctx.ts";
export { parseGoDuration } from "./go-duration.ts";
export { formatByteSize, parseByteSize } from "./byte-size.ts";
export { type Resources, type Ulimit, ulimitNames } from "./process-limits.ts";
export type { Mount } from "./mount.ts";
export { idsHint, ownerError } from "./owner-error.ts";
export { fsPath, toBytes, toText } from "./byte-path.ts";
export { type CancelFlag, cancellable, throwIfCancelled } from "./cancellable.ts";
export { Limiter } from "./limiter.ts";
export { release } from "./release.ts";
export { entryPoint, packageFile } from "./entry.ts";
export { makeFolder } from "./make-folder.ts";
export { packageVersion } from "./package-version.ts";
export { type Handlers, serve, WorkerPool } from "./workers.ts";
export { didYouMean, nearestNames } from "./nearest.ts";
