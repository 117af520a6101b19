import { SlipwayError } from "../../base/index.ts";
import type { ExportImage } from "../../export/index.ts";
import { encodeConfig, formatReference, parseReference } from "../../oci/index.ts";
import type { ImageRecord } from "../../store/index.ts";
import type { Engine } from "../engine/engine.ts";
import { cameAttached } from "./came-attached.ts";
import { cameFrom } from "../registry/came-from.ts";
import { cameAs, camePlain, pulledManifest } from "../registry/known-blobs.ts";

/** An image of the store as the exporters want it: layers made from snapshots when they are asked for, blobs kept for the next time. */
export function exportImage(engine: Engine, image: ImageRecord): ExportImage {
  const { store, namespace } = engine;
  // Its layers are read while they are written out, which takes its time.
  const used = store.images.use(image.id);
  const configBytes = store.images.config(image.id);
  if (!used || !configBytes)
    throw new SlipwayError({ code: "SLIP_STORE", message: `Image ${image.id} left the store while it was used` });
  const layers = image.snapshots.map((id, at) => {
    const diffId = image.config.rootfs.diff_ids[at] as ImageRecord["id"];
    const epoch = store.snapshots.epochOf(id, diffId);
    const upper = store.snapshots.folder(id);
    const came = cameAs(diffId, store) ?? cameFrom(id, diffId, engine);
    const ready = store.remoteLayers.of(id) && (() => engine.bringLayers([id]));
    return {
      diffId,
      upper,
      overlayXattrs: namespace.overlayXattrs,
      epoch,
      came,
      ready,
      plain: !came && camePlain(diffId, store),
    };
  });
  const manifest = pulledManifest(image.id, store);
  const attach = manifest && cameAttached(manifest.descriptor.digest, store);
  return { config: image.config, configBytes, layers, manifest, attach, keeper: store };
}

/** The same image with the files' own times in its layers, for `rewrite-timestamp=false`. */
export async function withOwnTimes(image: ExportImage, record: ImageRecord, engine: Engine): Promise<ExportImage> {
  const layers = await Promise.all(
    image.layers.map(async (layer, at) => {
      if (layer.epoch === undefined) return layer;
      return { ...layer, diffId: await engine.diffIdOf(record.snapshots[at] as string), epoch: undefined };
    }),
  );
  const diffIds = layers.map(({ diffId }) => diffId);
  const { value, bytes } = encodeConfig({ ...image.config, rootfs: { type: "layers", diff_ids: diffIds } });
  return { ...image, config: value, configBytes: bytes, layers, manifest: undefined };
}

/** Names written whole, as archives carry them. */
export function wholeNames(names: readonly string[]): readonly string[] {
  return names.map((name) => formatReference(parseReference(name)));
}
