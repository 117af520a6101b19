import { createCipheriv, createHash } from "node:crypto";
import { type Bytes, type Digest, sha256 } from "../../../src/base/index.ts";
import {
  type Descriptor,
  type Document,
  encodeConfig,
  makeIndex,
  makeManifest,
  type MediaFormat,
  mediaTypes,
  type Platform,
} from "../../../src/oci/index.ts";
import type { PushBlob, PushContent } from "../../../src/registry/index.ts";

export interface TestImage {
  readonly content: PushContent;
  readonly manifest: Document<unknown>;
  readonly config: Uint8Array;
  readonly layers: readonly Buffer[];
}

/** Bytes that look random and are the same each time. */
export function bytesOf(seed: string, size: number): Buffer {
  const key = createHash("sha256").update(seed).digest();
  return createCipheriv("aes-256-ctr", key, Buffer.alloc(16)).update(Buffer.alloc(size));
}

/** A blob in memory, in pieces as files give them. */
export function blobOf(bytes: Uint8Array, mediaType: string = mediaTypes.oci.layer.none): PushBlob {
  const descriptor: Descriptor = { mediaType, digest: sha256(bytes), size: bytes.byteLength };
  return { descriptor, open: (from) => pieces(bytes, from) };
}

async function* pieces(bytes: Uint8Array, from: number): Bytes {
  for (let at = from; at < bytes.byteLength; at += 65_536) yield await Promise.resolve(bytes.subarray(at, at + 65_536));
}

export function imageOf(
  layers: readonly Buffer[],
  platform: Platform = { os: "linux", architecture: "amd64" },
  format: MediaFormat = "oci",
): TestImage {
  const config = encodeConfig(
    { ...platform, rootfs: { type: "layers", diff_ids: layers.map((layer): Digest => sha256(layer)) } },
    format,
  );
  const blobs = layers.map((layer) => blobOf(layer, mediaTypes[format].layer.none));
  const manifest = makeManifest({
    config: config.descriptor,
    layers: blobs.map(({ descriptor }) => descriptor),
    format,
  });
  const configBlob = blobOf(config.bytes, mediaTypes[format].config);
  return { content: { blobs: [...blobs, configBlob], documents: [manifest] }, manifest, config: config.bytes, layers };
}

/** Several images behind one index. */
export function indexOf(
  images: readonly (readonly [Platform, TestImage])[],
  format: MediaFormat = "oci",
): PushContent & { readonly index: Document<unknown> } {
  const index = makeIndex({
    manifests: images.map(([platform, { manifest }]) => ({ ...manifest.descriptor, platform })),
    format,
  });
  return {
    index,
    blobs: images.flatMap(([, { content }]) => content.blobs),
    documents: [...images.flatMap(([, { content }]) => content.documents), index],
  };
}

/** All bytes of a stream. */
export async function collect(bytes: Bytes): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of bytes) chunks.push(chunk);
  return Buffer.concat(chunks);
}
