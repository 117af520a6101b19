import { SlipwayError } from "../base/index.ts";
import type { ExportImage } from "../export/index.ts";
import { formatReference, parseReference } from "../oci/index.ts";
import type { ImageRecord } from "../store/index.ts";
import type { Engine } from "./engine.ts";

/** An image of the store as the exporters want it: layers made from snapshots when they are asked for, blobs kept for the next time. */
export function exportImage({ store, namespace }: Engine, image: ImageRecord): ExportImage {
  // Its layers are read while they are written out, which takes its time.
  const used = store.images.use(image.id);
  const configBytes = store.images.config(image.id);
  if (!used || !configBytes)
    throw new SlipwayError({ code: "SLIP_STORE", message: `Image ${image.id} left the store while it was used` });
  const layers = image.snapshots.map((id, at) => ({
    diffId: image.config.rootfs.diff_ids[at] as ImageRecord["id"],
    upper: store.snapshots.folder(id),
    overlayXattrs: namespace.overlayXattrs,
  }));
  return { config: image.config, configBytes, layers, keeper: store };
}

/** Names written whole, as archives carry them. */
export function wholeNames(names: readonly string[]): readonly string[] {
  return names.map((name) => formatReference(parseReference(name)));
}
