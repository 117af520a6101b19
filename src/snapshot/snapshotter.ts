import { existsSync } from "node:fs";
import { SlipwayError } from "../base/index.ts";
import type { SnapshotId, Store } from "../store/index.ts";
import { prepareActive } from "./active.ts";
import type { Snapshotter, SnapshotterOptions } from "./contract.ts";
import { maxLayers } from "./overlay.ts";
import { openView } from "./view.ts";

/**
 * Stacks committed folders of changes with overlayfs. Mounts are made in this process's mount namespace, which has to be a private one.
 * Throws SLIP_STORE when the store's layers were made with the other kind of overlay attributes.
 */
export function openSnapshotter({ store, overlayXattrs, fill }: SnapshotterOptions): Snapshotter {
  checkKind(store, overlayXattrs);
  const chain: Snapshotter["chain"] = (id) =>
    store.snapshots.chain(id).map((record) => ({ id: record.id, upper: store.snapshots.folder(record.id) }));
  const layersOf = (id: SnapshotId): readonly string[] => {
    if (!store.snapshots.use(id)) throw unknown(id);
    // One folder in two places of a stack, which overlayfs refuses: a folder without marks hides all that it says itself, further down.
    const layers = [
      ...new Set(
        chain(id)
          .map(({ upper }) => upper)
          .reverse(),
      ),
    ].reverse();
    if (layers.length > maxLayers) throw tooDeep(id, layers.length);
    return layers;
  };
  const bring = async (id: SnapshotId): Promise<void> => {
    const [missing] = store.remoteLayers.missing(id);
    if (!missing) return;
    if (!fill) throw notHere(missing.blob.digest);
    await fill(id);
  };
  return {
    chain,
    prepare: async (parent) => {
      if (parent !== undefined) await bring(parent);
      return prepareActive(store, parent, parent === undefined ? [] : layersOf(parent), overlayXattrs);
    },
    view: async (id, above = []) => {
      await bring(id);
      return openView(store, [...layersOf(id), ...above], overlayXattrs);
    },
    has: async (id) => store.snapshots.get(id) !== undefined && existsSync(store.snapshots.folder(id)),
    remove: async (id) => {
      await store.snapshots.remove(id);
    },
  };
}

/** Deleted folders are marked by attributes of one kind or the other: a store keeps to one. */
function checkKind(store: Store, kind: "trusted" | "user"): void {
  const key = "store/overlay-xattrs";
  const known = store.facts.get(key);
  if (known === undefined) store.facts.set(key, kind);
  else if (known !== kind) {
    throw new SlipwayError({
      code: "SLIP_STORE",
      message: `Cannot stack the layers of the store ${store.root}: they were made with the other kind of overlay attributes than ${kind}.overlay`,
      hint: "choose another store with SLIPWAY_ROOT",
    });
  }
}

function unknown(id: SnapshotId): SlipwayError {
  return new SlipwayError({
    code: "SLIP_STORE",
    message: `Cannot use the snapshot ${id}: it is not in the store`,
    hint: "it was removed meanwhile; build again",
  });
}

function notHere(blob: string): SlipwayError {
  return new SlipwayError({
    code: "SLIP_STORE",
    message: `Cannot use the layer ${blob}: it was not brought into the store`,
    hint: "`slipway pull` brings images with all their layers",
  });
}

function tooDeep(id: SnapshotId, count: number): SlipwayError {
  return new SlipwayError({
    code: "SLIP_UNSUPPORTED",
    message: `Cannot stack the ${count} layers of the snapshot ${id}: the kernel takes ${maxLayers}`,
    hint: "join steps, or begin a new stage with COPY --from",
  });
}
