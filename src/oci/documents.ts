import { canonicalJson, type Digest, sha256 } from "../base/index.ts";
import { type MediaFormat, mediaTypes } from "./media-types.ts";
import type { Descriptor, ImageConfig, Index, Manifest } from "./model.ts";

/** A document with the bytes that its digest is of. */
export interface Document<T> {
  readonly value: T;
  readonly bytes: Uint8Array;
  readonly descriptor: Descriptor;
}

/** The exact bytes of a configuration and their digest, which is the image id. */
export function encodeConfig(
  config: ImageConfig,
  format: MediaFormat = "oci",
): Document<ImageConfig> & { readonly id: Digest } {
  const document = encode(config, mediaTypes[format].config);
  return { ...document, id: document.descriptor.digest };
}

/** image-spec, manifest.md; with format "docker" Docker's schema 2, which differs in its media types alone. */
export function makeManifest(parts: {
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
  readonly format?: MediaFormat | undefined;
  readonly annotations?: Readonly<Record<string, string>> | undefined;
}): Document<Manifest> {
  const { manifest: mediaType } = mediaTypes[parts.format ?? "oci"];
  const { config, layers, annotations } = parts;
  return encode({ schemaVersion: 2, mediaType, config, layers, ...(annotations && { annotations }) }, mediaType);
}

/** image-spec, image-index.md. */
export function makeIndex(parts: {
  readonly manifests: readonly Descriptor[];
  readonly format?: MediaFormat | undefined;
  readonly annotations?: Readonly<Record<string, string>> | undefined;
}): Document<Index> {
  const { index: mediaType } = mediaTypes[parts.format ?? "oci"];
  const { manifests, annotations } = parts;
  return encode({ schemaVersion: 2, mediaType, manifests, ...(annotations && { annotations }) }, mediaType);
}

/** Descriptor of bytes in memory (image-spec, descriptor.md). */
export function describe(bytes: Uint8Array, mediaType: string): Descriptor {
  return { mediaType, digest: sha256(bytes), size: bytes.byteLength };
}

function encode<T>(value: T, mediaType: string): Document<T> {
  const bytes = Buffer.from(canonicalJson(value));
  return { value, bytes, descriptor: describe(bytes, mediaType) };
}
