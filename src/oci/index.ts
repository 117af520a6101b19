/** Floor 1: the OCI image model: documents, references, media types, validation. */
export type * from "./model.ts";
export { type Document, describe, encodeConfig, makeIndex, makeManifest } from "./documents.ts";
export { type MediaFormat, layerCompression, mediaTypes } from "./media-types.ts";
export {
  bestPlatform,
  defaultPlatform,
  formatPlatform,
  normalPlatform,
  parsePlatform,
  platformFits,
} from "./platform.ts";
export { type Reference, familiarName, formatReference, isValidTag, parseReference } from "./reference.ts";
export * as shape from "./shape.ts";
export {
  type DocumentText,
  checkImage,
  digestShape,
  parseConfig,
  parseDescriptor,
  parseIndex,
  parseManifest,
  parseManifestOrIndex,
  parseShaped,
} from "./validate.ts";
