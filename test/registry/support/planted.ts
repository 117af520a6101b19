import { gzipSync, zstdCompressSync } from "node:zlib";
import { sha256 } from "../../../src/base/index.ts";
import { mediaTypes } from "../../../src/oci/index.ts";
import type { FakeRegistry } from "./fake-registry.ts";

/** A layer as an attacker may write it; what is not said is as it should be. */
export interface PlantedLayer {
  readonly tar: Buffer;
  /** The blob in its place, and its media type. Default: the tar itself. */
  readonly blob?: Buffer | undefined;
  readonly mediaType?: string | undefined;
  readonly diffId?: string | undefined;
  /** What else the manifest says of it. */
  readonly descriptor?: object | undefined;
}

export interface PlantedImage {
  readonly layers?: readonly PlantedLayer[] | undefined;
  /** Members of the configuration. */
  readonly config?: object | undefined;
  /** Members of the manifest. */
  readonly manifest?: object | undefined;
}

export const plain = (tar: Buffer): PlantedLayer => ({ tar });
export const gzip = (tar: Buffer): PlantedLayer => ({ tar, blob: gzipSync(tar), mediaType: mediaTypes.oci.layer.gzip });
export const zstd = (tar: Buffer): PlantedLayer => ({
  tar,
  blob: zstdCompressSync(tar),
  mediaType: mediaTypes.oci.layer.zstd,
});

/** Puts an image into a registry without asking whether it is one. @returns its manifest's digest */
export function plantImage(registry: FakeRegistry, name: string, image: PlantedImage): string {
  const { blobs, manifests, tags } = registry.repository(name);
  const keep = (bytes: Buffer): { readonly digest: string; readonly size: number } => {
    const digest = sha256(bytes);
    blobs.set(digest, bytes);
    return { digest, size: bytes.length };
  };
  const layers = image.layers ?? [];
  const config = Buffer.from(
    JSON.stringify({
      os: "linux",
      architecture: process.arch === "arm64" ? "arm64" : "amd64",
      rootfs: { type: "layers", diff_ids: layers.map(({ tar, diffId }) => diffId ?? sha256(tar)) },
      ...image.config,
    }),
  );
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: mediaTypes.oci.manifest,
      config: { mediaType: mediaTypes.oci.config, ...keep(config) },
      layers: layers.map(({ tar, blob, mediaType, descriptor }) => ({
        mediaType: mediaType ?? mediaTypes.oci.layer.none,
        ...keep(blob ?? tar),
        ...descriptor,
      })),
      ...image.manifest,
    }),
  );
  const digest = sha256(manifest);
  manifests.set(digest, { mediaType: mediaTypes.oci.manifest, bytes: manifest });
  tags.set("latest", digest);
  return digest;
}
