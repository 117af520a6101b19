import { rm } from "node:fs/promises";
import { join } from "node:path";
import { type Ctx, type Digest, SlipwayError } from "../base/index.ts";
import { type Compression, defaultLevel, type Growth, writeLayer } from "../layer/index.ts";
import { type Descriptor, describe, type Document, makeManifest, type Manifest, mediaTypes } from "../oci/index.ts";
import { annotationsOn } from "./annotate.ts";
import type { BlobKeeper, CameBlob, ExportImage, ExportLayer, ImageForm } from "./contract.ts";
import { type BlobTarget, blobPath, type Layout, type WrittenBlob } from "./layout.ts";
import { transcode } from "./transcode.ts";

/** What went into the layout. */
export interface PlacedImage {
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
  readonly manifest: Document<Manifest>;
}

interface Wanted {
  readonly compression: Compression;
  readonly level: number;
  readonly force: boolean;
  readonly types: Readonly<Record<Compression, string>>;
  readonly growth?: Growth | undefined;
  readonly signal: AbortSignal;
}

/**
 * Puts configuration, layers and manifest into the layout. A layer is compressed here for the first time in its life, and kept for the next;
 * one that came in stays as it came, unless the form forces another compression.
 * @param placed layers that are in the layout already, by diff id; those of this image are added
 */
export async function placeImage(
  layout: Layout,
  image: ExportImage,
  placed: Map<Digest, Descriptor>,
  form: ImageForm,
  ctx: Pick<Ctx, "signal">,
): Promise<PlacedImage> {
  const { format = "oci" } = form;
  const types = mediaTypes[format];
  checkCount(image);
  const layers = await placeLayers(layout, image, placed, form, ctx);
  const came = asItCame(image, layers, form);
  const config = came?.value.config ?? describe(image.configBytes, types.config);
  await addOnce(layout, config.digest, image.configBytes);
  const annotations = annotationsOn("manifest", form.annotations, image.config);
  const manifest = came ?? makeManifest({ config, layers, format, annotations });
  await addOnce(layout, manifest.descriptor.digest, manifest.bytes);
  return { config, layers: came?.value.layers ?? layers, manifest };
}

/** Puts layers alone into the layout, as placeImage does. @returns a descriptor for each */
export async function placeLayers(
  layout: Layout,
  { layers, keeper }: Pick<ExportImage, "layers" | "keeper">,
  placed: Map<Digest, Descriptor>,
  { compression = "gzip", format = "oci", force = false, ...form }: ImageForm,
  { signal }: Pick<Ctx, "signal">,
): Promise<readonly Descriptor[]> {
  const level = form.level ?? defaultLevel[compression];
  const wanted: Wanted = { compression, level, force, types: mediaTypes[format].layer, signal };
  const found: Descriptor[] = [];
  for (const layer of layers) {
    if (signal.aborted) throw new SlipwayError({ code: "SLIP_CANCELLED", message: "Cancelled" });
    const descriptor = placed.get(layer.diffId) ?? (await placeLayer(layout, layer, keeper, wanted));
    placed.set(layer.diffId, descriptor);
    found.push(descriptor);
  }
  return found;
}

/** The manifest that the image came with, when the same is asked for and all its blobs are what they were. */
function asItCame(
  { manifest, config }: ExportImage,
  layers: readonly Descriptor[],
  { format, annotations }: ImageForm,
): Document<Manifest> | undefined {
  if (!manifest || annotationsOn("manifest", annotations, config)) return undefined;
  if (format !== undefined && manifest.descriptor.mediaType !== mediaTypes[format].manifest) return undefined;
  const same = manifest.value.layers.every(({ digest }, at) => digest === layers[at]?.digest);
  return same && manifest.value.layers.length === layers.length ? manifest : undefined;
}

async function placeLayer(
  layout: Layout,
  layer: ExportLayer,
  keeper: BlobKeeper | undefined,
  wanted: Wanted,
): Promise<Descriptor> {
  const { came, plain } = layer;
  if (keeper && came && (!wanted.force || came.compression === wanted.compression)) {
    return placeCame(layout, came, keeper, wanted.types);
  }
  const { compression, types } = plain && !wanted.force ? { ...wanted, compression: "none" as const } : wanted;
  // an uncompressed layer is the folder once more: keeping it would cost more than making it again
  if (keeper && compression !== "none") {
    const { digest, size } = await keptLayer(layer, keeper, wanted, layout);
    await layout.addFile(digest, keeper.blobs.path(digest), size);
    return { mediaType: types[compression], digest, size };
  }
  const { digest, size } = await layout.addWritten(
    (target) => writeChecked(layer, target, keeper, { ...wanted, compression }),
    keeper && (() => keeper.scratch()),
  );
  return { mediaType: types[compression], digest, size };
}

async function placeCame(
  layout: Layout,
  { compression, digest, size, bring }: CameBlob,
  { blobs }: BlobKeeper,
  types: Wanted["types"],
): Promise<Descriptor> {
  await layout.addFile(digest, blobs.path(digest), size, bring);
  return { mediaType: types[compression], digest, size };
}

/** Layers that are being compressed: outputs that run side by side share them. */
const running = new WeakMap<BlobKeeper["layerBlobs"], Map<string, Promise<WrittenBlob>>>();

function keptLayer(layer: ExportLayer, keeper: BlobKeeper, wanted: Wanted, layout: Layout): Promise<WrittenBlob> {
  const { compression, level } = wanted;
  const kept = keeper.layerBlobs.get(layer.diffId, compression, level);
  if (kept) return Promise.resolve(kept);
  const all = running.get(keeper.layerBlobs) ?? new Map<string, Promise<WrittenBlob>>();
  running.set(keeper.layerBlobs, all);
  const key = `${layer.diffId} ${compression} ${level}`;
  const made = all.get(key) ?? makeKept(layer, keeper, wanted, layout).finally(() => all.delete(key));
  all.set(key, made);
  return made;
}

async function makeKept(layer: ExportLayer, keeper: BlobKeeper, wanted: Wanted, layout: Layout): Promise<WrittenBlob> {
  const { compression, level, types } = wanted;
  const folder = keeper.scratch();
  try {
    const file = join(folder, "layer");
    const { digest, size } = await followed(layer.came ? undefined : layout.follow, file, async (growth) => {
      const written = await writeChecked(layer, file, keeper, { ...wanted, growth });
      return { mediaType: types[compression], digest: written.digest, size: written.size };
    });
    await keeper.blobs.adopt(file, { mediaType: types[compression], digest, size });
    keeper.layerBlobs.put({ diffId: layer.diffId, compression, level, digest, size });
    return { digest, size };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Has a file written whose bytes may be of use to the layout before its end. */
async function followed(
  follow: Layout["follow"],
  file: string,
  write: (growth?: Growth) => Promise<Descriptor>,
): Promise<Descriptor> {
  if (!follow) return write();
  const follower = await follow(file);
  try {
    const written = await write(follower.growth);
    await follower.end(written);
    return written;
  } catch (error) {
    await follower.fail(error);
    throw error;
  }
}

async function writeChecked(
  layer: ExportLayer,
  output: BlobTarget,
  keeper: BlobKeeper | undefined,
  wanted: Wanted,
): Promise<WrittenBlob> {
  const { upper, overlayXattrs, epoch, diffId, came } = layer;
  const { compression, level, growth, signal } = wanted;
  if (keeper && came) {
    await came.bring?.();
    return transcode({ file: keeper.blobs.path(came.digest), diffId, compression, level, output, signal });
  }
  await layer.ready?.();
  const written = await writeLayer({ upper, overlayXattrs, epoch, compression, level, growth, signal, output });
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
