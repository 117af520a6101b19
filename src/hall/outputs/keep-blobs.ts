import type { Ctx, Digest } from "../../base/index.ts";
import type { ArchivedImage, ImageArchive } from "../../import/index.ts";
import { defaultLevel, writeLayer } from "../../layer/index.ts";
import { type Descriptor, layerCompression } from "../../oci/index.ts";
import type { SnapshotId } from "../../store/index.ts";
import type { Engine } from "../engine/engine.ts";
import { noteDocument, noteLayers } from "../registry/known-blobs.ts";

/**
 * Keeps what an image of an archive has to leave as it came: its layers' blobs and its manifest. An uncompressed layer that its folder gives
 * again is not kept; one that the folder would give otherwise stays for as long as the layer does.
 */
export async function keepBlobs(
  id: Digest,
  { manifest, whole, content }: ArchivedImage,
  archive: ImageArchive,
  engine: Engine,
  ctx: Ctx,
): Promise<void> {
  const { store } = engine;
  const image = store.images.get(id);
  if (!image) return;
  const irreplaceable: Parameters<typeof store.layerBlobs.put>[0][] = [];
  for (const [at, layer] of manifest.value.layers.entries()) {
    const compression = layerCompression(layer.mediaType);
    const diffId = image.config.rootfs.diff_ids[at];
    const snapshot = image.snapshots[at];
    if (compression === undefined || diffId === undefined || snapshot === undefined) continue;
    const again = await givesAgain(snapshot, diffId, engine, ctx);
    if (again && compression === "none") continue;
    await keep(layer, content, archive, engine);
    const blob = { diffId, compression, level: defaultLevel[compression], digest: layer.digest, size: layer.size };
    if (!again) irreplaceable.push({ ...blob, irreplaceable: true });
  }
  await noteLayers({ id, manifest: manifest.value }, store);
  for (const blob of irreplaceable) store.layerBlobs.put(blob);
  if (whole) noteDocument(id, manifest, store);
}

/** Whether a layer's folder gives the bytes that it was unpacked from. */
async function givesAgain(id: SnapshotId, diffId: Digest, { store, namespace }: Engine, ctx: Ctx): Promise<boolean> {
  // It comes from a registry when it is needed, and can again.
  if (store.remoteLayers.origin(id)) return true;
  const upper = store.snapshots.folder(id);
  const { overlayXattrs } = namespace;
  const made = await writeLayer({ upper, overlayXattrs, compression: "none", signal: ctx.signal });
  return made.diffId === diffId;
}

/** Its digest was verified when it was unpacked, unless another image had brought the layer. */
async function keep(
  layer: Descriptor,
  content: ArchivedImage["content"],
  archive: ImageArchive,
  { store }: Engine,
): Promise<void> {
  if (await store.blobs.stat(layer.digest)) return;
  const file = archive.ours ? archive.find(`blobs/sha256/${layer.digest.slice(7)}`) : undefined;
  if (file && (await file.digest()) === layer.digest) await store.blobs.adopt(file.file, layer);
  else await store.blobs.write(content.blob(layer), layer);
}
