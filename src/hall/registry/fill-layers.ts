import { closeSync } from "node:fs";
import { type Ctx, isSlipwayError, SlipwayError, toSlipwayError } from "../../base/index.ts";
import { defaultLevel, unpackLayer } from "../../layer/index.ts";
import { layerCompression } from "../../oci/index.ts";
import type { RemoteLayer, SnapshotId } from "../../store/index.ts";
import { readUnpackLimits } from "../config/storage-config.ts";
import type { Engine } from "../engine/engine.ts";
import { type Arrival, ArrivingBlobs } from "./arriving-blobs.ts";
import { transferCtx } from "./transfer-events.ts";

/** Brings the layers that snapshots stand on and that are not here. @param step whose progress it is, announced already. */
export async function fillLayers(
  tops: readonly SnapshotId[],
  step: string,
  engine: Engine,
  ctx: Ctx,
): Promise<readonly RemoteLayer[]> {
  const { store } = engine;
  const layers = missingLayers(tops, engine);
  if (layers.length === 0) return [];
  for (const top of tops) store.snapshots.use(top);
  const total = layers.reduce((sum, { blob }) => sum + blob.size, 0);
  const registry = transferCtx(step, "downloading", ctx, total);
  await using blobs = new ArrivingBlobs({ client: () => engine.registries(), store, ctx: registry });
  blobs.expect(layers);
  let unpacked = 0;
  for (const layer of layers) {
    await using _lock = await store.lock(`fill ${layer.id}`, ctx.signal);
    // Another process, or another step of this one, may have been first.
    if (store.remoteLayers.of(layer.id)) {
      const told = (bytes: number): void =>
        ctx.emit({
          type: "step-progress",
          id: step,
          label: "unpacking layers",
          current: unpacked + bytes,
          total,
          unit: "bytes",
        });
      await fillOne(layer, blobs, told, engine, ctx);
    }
    unpacked += layer.blob.size;
  }
  return layers;
}

/** What is not here of snapshots, each layer once, in the order in which they can be unpacked. */
export function missingLayers(tops: readonly SnapshotId[], { store }: Pick<Engine, "store">): readonly RemoteLayer[] {
  const layers = tops.flatMap((top) => store.remoteLayers.missing(top));
  return [...new Map(layers.map((layer) => [layer.id, layer])).values()];
}

/** Remembers which blob a layer came as, so that it leaves as the same. The blob must be in the store. */
export function noteBlob({ diffId, blob }: RemoteLayer, { store }: Pick<Engine, "store">): void {
  const compression = layerCompression(blob.mediaType);
  if (compression === undefined) return;
  store.layerBlobs.put({ diffId, compression, level: defaultLevel[compression], digest: blob.digest, size: blob.size });
}

/** How often the unpacking of what has arrived is told (milliseconds). */
const interval = 200;

/**
 * Unpacks a layer while it arrives. Its files count only when all of it was the promised bytes; what was made of a download that was damaged is
 * thrown away, and begun anew with the next.
 */
async function fillOne(
  layer: RemoteLayer,
  blobs: ArrivingBlobs,
  told: (bytes: number) => void,
  engine: Engine,
  ctx: Ctx,
): Promise<void> {
  let arrival: Arrival | undefined;
  for (let again = true; ;) {
    if (ctx.signal.aborted) throw new SlipwayError({ code: "SLIP_CANCELLED", message: "Cancelled" });
    arrival = await blobs.arrival(layer, arrival);
    try {
      await unpack(layer, arrival, told, engine, ctx);
      break;
    } catch (error) {
      if (ctx.signal.aborted) throw error;
      // Damaged bytes show as a broken archive long before their digest is known.
      if (!(await arrival.whole)) continue;
      if (!again || !arrival.kept || !(await isDamaged(layer, engine))) throw error;
      again = false;
      await blobs.again(layer);
    }
  }
  // Damage that leaves the tar as it was would only show where the blob is sent to. The layer is here; its blob may come when it is asked for.
  if (arrival.kept && (await isDamaged(layer, engine))) {
    await blobs.again(layer);
    if (
      !(await blobs.bring(layer).then(
        () => true,
        () => false,
      ))
    )
      return;
  }
  noteBlob(layer, engine);
}

async function unpack(
  layer: RemoteLayer,
  arrival: Arrival,
  told: (bytes: number) => void,
  { snapshotter, namespace }: Engine,
  { signal, emit }: Ctx,
): Promise<void> {
  const { id, parent, diffId, blob } = layer;
  let leftOut: readonly string[] = [];
  await using active = await snapshotter.prepare(parent);
  const { growth } = arrival;
  const fd = arrival.open();
  let arrived = false;
  void arrival.whole.then(() => (arrived = true));
  // While it still comes, that is what is told.
  const clock = setInterval(() => {
    if (arrived) told(growth.taken);
  }, interval);
  try {
    ({ leftOut } = await unpackLayer({
      source: { fd, growth },
      upper: active.upper,
      overlayXattrs: namespace.overlayXattrs,
      owner: namespace.kind === "single-id" ? "squash" : "keep",
      expectedDiffId: diffId,
      limits: readUnpackLimits(),
      lower:
        parent === undefined
          ? []
          : snapshotter
              .chain(parent)
              .map(({ upper }) => upper)
              .toReversed(),
      signal,
    }));
  } finally {
    clearInterval(clock);
    closeSync(fd);
  }
  if (!(await arrival.whole)) throw new SlipwayError({ code: "SLIP_INTERNAL", message: "the download was begun anew" });
  await active.commit({ diffId, fills: id });
  if (leftOut.length === 0) return;
  const names = [...leftOut.slice(0, 5), ...(leftOut.length > 5 ? ["..."] : [])].join(", ");
  emit({
    type: "warning",
    message: `Device nodes of the layer ${blob.digest.slice(0, 19)} that only root may make were left out: ${names}`,
    hint: "work as root where an image needs them; containers get a /dev of their own",
  });
}

/** True when a blob of the store is no longer what it was. */
async function isDamaged({ blob }: RemoteLayer, { store }: Engine): Promise<boolean> {
  try {
    for await (const chunk of store.blobs.read(blob.digest)) void chunk;
    return false;
  } catch (error) {
    if (isSlipwayError(error)) return true;
    throw toSlipwayError(error);
  }
}
