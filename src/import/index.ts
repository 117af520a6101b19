/** Floor 4: images that come in: from where their blobs lie to snapshots in the store, every digest verified. */
export type * from "./contract.ts";
export { archivedImages, type ArchivedImage, type ArchivedImages } from "./archived-images.ts";
export { type ImageArchive, openImageArchive, openImageFolder } from "./image-archive.ts";
export {
  type AttachedDocument,
  attachedLimits,
  isAttestationType,
  referrerOf,
  subjectOf,
} from "./attached-documents.ts";
export { importedImage, importImage, isManifestOf, noteManifest } from "./import-image.ts";
export { openOciLayout, parseLayoutReference } from "./oci-layout.ts";
export { findManifest, readDocument } from "./read-document.ts";
