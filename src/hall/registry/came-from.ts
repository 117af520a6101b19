import type { CameBlob } from "../../export/index.ts";
import { layerCompression } from "../../oci/index.ts";
import type { SnapshotId } from "../../store/index.ts";
import type { Engine } from "../engine/engine.ts";

/** The blob that a layer has where it came from, brought when somebody needs its bytes; undefined for layers that were made here. */
export function cameFrom(id: SnapshotId, diffId: string, engine: Engine): CameBlob | undefined {
  const layer = engine.store.remoteLayers.origin(id);
  const compression = layer && layerCompression(layer.blob.mediaType);
  // Its times may end at an epoch, which makes it another layer.
  if (!layer || compression === undefined || layer.diffId !== diffId) return undefined;
  const { digest, size } = layer.blob;
  return { compression, digest, size, bring: () => engine.bringBlob(layer) };
}
