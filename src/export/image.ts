import { rm } from "node:fs/promises";
import { join } from "node:path";
import { type Ctx, type Digest, SlipwayError } from "../base/index.ts";
import { type Compression, defaultLevel, type WrittenLayer, writeLayer } from "../layer/index.ts";
import { type Descriptor, describe, type Document, makeManifest, type Manifest, mediaTypes } from "../oci/index.ts";
import type { BlobKeeper, ExportImage, ExportLayer, ImageExportOptions } from "./contract.ts";
import { type BlobTarget, blobPath, type Layout } from "./layout.ts";

/** What went into the layout. */
export interface PlacedImage {
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
  readonly manifest: Document<Manifest>;
}

interface Wanted {
  readonly compression: Compression;
  readonly level: number;
  readonly mediaType: string;
  readonly signal: AbortSignal;
}

/**
 * Puts configuration, layers and manifest into the layout. A layer is compressed here for the first time in its life, and kept for the next.
 * @param placed layers that are in the layout already, by diff id; those of this image are added
 */
export async function placeImage(
  layout: Layout,
  image: ExportImage,
  placed: Map<Digest, Descriptor>,
  options: Pick<ImageExportOptions, "compression" | "level" | "format">,
  ctx: Pick<Ctx, "signal">,
): Promise<PlacedImage> {
  const { compression = "gzip", format = "oci" } = options;
  const types = mediaTypes[format];
  const wanted: Wanted = {
    compression,
    level: options.level ?? defaultLevel[compression],
    mediaType: types.layer[compression],
    signal: ctx.signal,
  };
  checkCount(image);
  const layers: Descriptor[] = [];
  for (const layer of image.layers) {
    if (ctx.signal.aborted) throw new SlipwayError({ code: "SLIP_CANCELLED", message: "Cancelled" });
    const descriptor = placed.get(layer.diffId) ?? (await placeLayer(layout, layer, image.keeper, wanted));
    placed.set(layer.diffId, descriptor);
    layers.push(descriptor);
  }
  const config = describe(image.configBytes, types.config);
  await addOnce(layout, config.digest, image.configBytes);
  const manifest = makeManifest({ config, layers, format });
  await addOnce(layout, manifest.descriptor.digest, manifest.bytes);
  return { config, layers, manifest };
}

async function placeLayer(
  layout: Layout,
  layer: ExportLayer,
  keeper: BlobKeeper | undefined,
  wanted: Wanted,
): Promise<Descriptor> {
  const { compression, level, mediaType } = wanted;
  const kept = keeper?.layerBlobs.get(layer.diffId, compression, level);
  if (keeper && kept) {
    await layout.addFile(kept.digest, keeper.blobs.path(kept.digest), kept.size);
    return { mediaType, digest: kept.digest, size: kept.size };
  }
  // an uncompressed layer is the folder once more: keeping it would cost more than making it again
  if (keeper && compression !== "none") return keepLayer(layout, layer, keeper, wanted);
  const { digest, size } = await layout.addWritten((target) => writeChecked(layer, target, wanted));
  return { mediaType, digest, size };
}

async function keepLayer(layout: Layout, layer: ExportLayer, keeper: BlobKeeper, wanted: Wanted): Promise<Descriptor> {
  const { compression, level, mediaType } = wanted;
  const folder = keeper.scratch();
  try {
    const file = join(folder, "layer");
    const { digest, size } = await writeChecked(layer, file, wanted);
    await keeper.blobs.adopt(file, { mediaType, digest, size });
    keeper.layerBlobs.put({ diffId: layer.diffId, compression, level, digest, size });
    await layout.addFile(digest, keeper.blobs.path(digest), size);
    return { mediaType, digest, size };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function writeChecked(layer: ExportLayer, output: BlobTarget, wanted: Wanted): Promise<WrittenLayer> {
  const { upper, overlayXattrs, epoch, diffId } = layer;
  const { compression, level, signal } = wanted;
  const written = await writeLayer({ upper, overlayXattrs, epoch, compression, level, signal, output });
  if (written.diffId === diffId) return written;
  throw new SlipwayError({
    code: "SLIP_STORE",
    message: `Cannot export layer ${diffId}: its folder now gives ${written.diffId}`,
    hint: "something changed the files of a finished step in the store; build again with --no-cache",
  });
}

async function addOnce(layout: Layout, digest: Digest, bytes: Uint8Array): Promise<void> {
  if (!layout.has(digest)) await layout.addBytes(blobPath(digest), bytes);
}

function checkCount({ config, layers }: ExportImage): void {
  const said = config.rootfs.diff_ids;
  if (said.length === layers.length && layers.every(({ diffId }, i) => diffId === said[i])) return;
  throw new SlipwayError({
    code: "SLIP_INTERNAL",
    message: `Cannot export the image: its configuration has ${said.length} layers, other than the ${layers.length} given`,
  });
}
