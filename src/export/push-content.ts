import { createReadStream } from "node:fs";
import { join } from "node:path";
import type { Bytes, Ctx, Digest } from "../base/index.ts";
import { defaultLevel } from "../layer/index.ts";
import { type Descriptor, type Document, makeIndex, type Manifest, mediaTypes, type Reference } from "../oci/index.ts";
import type { PushBlob, PushContent } from "../registry/index.ts";
import type { BlobKeeper, ExportImage, ImageExportOptions } from "./contract.ts";
import { placeImage, type PlacedImage } from "./image.ts";
import type { BlobTarget, Layout, WrittenBlob } from "./layout.ts";
import { manifestOf } from "./oci.ts";

/** An image to push. */
export interface PushImage {
  readonly image: ExportImage;
  /** The manifest that it came with: it goes out just as it came. Its layers' blobs are in the store then. */
  readonly manifest?: Document<Manifest> | undefined;
}

export interface PushContentOptions extends Pick<ImageExportOptions, "compression" | "level" | "format"> {
  readonly keeper: BlobKeeper;
  /** Repositories that are known to have a blob. */
  readonly repositoriesOf: (blob: Digest) => readonly Reference[];
}

/** What goes to a registry, with the manifest of each image, and what the name will stand for: the manifest, or the index of several platforms. */
export interface PreparedPush {
  readonly content: PushContent;
  readonly manifests: readonly Descriptor[];
  readonly root: Descriptor;
}

/**
 * Prepares images of one name, one a platform, for a registry. Layers are compressed here for the first time in their life, and kept for the next;
 * those that came in compressed go out as they came.
 */
export async function pushContent(
  images: readonly PushImage[],
  { keeper, repositoriesOf, ...options }: PushContentOptions,
  ctx: Pick<Ctx, "signal">,
): Promise<PreparedPush> {
  const files = new BlobFiles(keeper);
  const layers = options.compression === undefined ? keptLayers(images, keeper, options.format) : new Map();
  const placed: PlacedImage[] = [];
  for (const { image, manifest } of images) {
    placed.push(manifest ? place(files, image, manifest) : await placeImage(files, image, layers, options, ctx));
  }
  const manifests = placed.map((one, at) => manifestOf((images[at] as PushImage).image, one));
  const documents: PushContent["documents"][number][] = placed.map(({ manifest }) => manifest);
  if (manifests.length > 1) documents.push(makeIndex({ manifests, format: options.format }));
  const blobs = placed.flatMap((one) => [
    ...one.layers.map((layer) => ({ ...files.blob(layer), origins: repositoriesOf(layer.digest) })),
    files.blob(one.config),
  ]);
  const root = (documents.at(-1) as PushContent["documents"][number]).descriptor;
  return { content: { blobs, documents }, manifests, root };
}

/** Layers that are there as blobs, whatever their compression: by diff id. */
function keptLayers(
  images: readonly PushImage[],
  { layerBlobs }: BlobKeeper,
  format: ImageExportOptions["format"] = "oci",
): Map<Digest, Descriptor> {
  const found = new Map<Digest, Descriptor>();
  for (const { diffId } of images.flatMap(({ image }) => image.layers)) {
    for (const compression of ["gzip", "zstd"] as const) {
      const kept = layerBlobs.get(diffId, compression, defaultLevel[compression]);
      if (!kept || found.has(diffId)) continue;
      found.set(diffId, { mediaType: mediaTypes[format].layer[compression], digest: kept.digest, size: kept.size });
    }
  }
  return found;
}

function place(files: BlobFiles, { configBytes }: ExportImage, manifest: Document<Manifest>): PlacedImage {
  const { config, layers } = manifest.value;
  files.keep(config.digest, configBytes);
  return { config, layers, manifest };
}

/** Where the bytes of blobs are, as the place that images are laid out in; nothing is copied. */
class BlobFiles implements Layout {
  readonly location = "-";
  readonly #keeper: BlobKeeper;
  /** Bytes, or the path of a file. */
  readonly #blobs = new Map<Digest, Uint8Array | string>();

  constructor(keeper: BlobKeeper) {
    this.#keeper = keeper;
  }

  keep(digest: Digest, blob: Uint8Array | string): void {
    this.#blobs.set(digest, blob);
  }

  blob(descriptor: Descriptor): PushBlob {
    const { digest } = descriptor;
    const blob = this.#blobs.get(digest) ?? this.#keeper.blobs.path(digest);
    return { descriptor, open: (from) => (typeof blob === "string" ? bytesOf(blob, from) : piece(blob, from)) };
  }

  has(digest: Digest): boolean {
    return this.#blobs.has(digest);
  }

  async addBytes(path: string, bytes: Uint8Array): Promise<void> {
    this.keep(`sha256:${path.slice(path.lastIndexOf("/") + 1)}`, bytes);
  }

  async addFile(digest: Digest, file: string): Promise<void> {
    this.keep(digest, file);
  }

  async addWritten<T extends WrittenBlob>(write: (target: BlobTarget) => Promise<T>): Promise<T> {
    const file = join(this.#keeper.scratch({ untilClosed: true }), "blob");
    const written = await write(file);
    this.keep(written.digest, file);
    return written;
  }

  commit(): Promise<number> {
    return Promise.resolve(0);
  }

  abandon(): Promise<void> {
    return Promise.resolve();
  }
}

function bytesOf(file: string, start: number): Bytes {
  return createReadStream(file, { start, highWaterMark: 1 << 18 }) as Bytes;
}

async function* piece(bytes: Uint8Array, from: number): Bytes {
  yield bytes.subarray(from);
}
