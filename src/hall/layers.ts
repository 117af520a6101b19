import type { Digest } from "../base/index.ts";
import { writeLayer } from "../layer/index.ts";
import type { SnapshotId } from "../store/index.ts";
import type { Engine } from "./machinery.ts";

/** Layers that are being read now, so that none is read twice at once. */
const running = new Map<SnapshotId, Promise<Digest>>();

/** The digest of a snapshot's tar: known, or computed in a thread without writing anything. */
export function diffIdOf(engine: Engine, id: SnapshotId): Promise<Digest> {
  const known = engine.store.snapshots.get(id)?.diffId;
  if (known) return Promise.resolve(known);
  let computed = running.get(id);
  if (!computed) {
    computed = compute(engine, id).finally(() => running.delete(id));
    running.set(id, computed);
  }
  return computed;
}

async function compute({ store, namespace }: Engine, id: SnapshotId): Promise<Digest> {
  const upper = store.snapshots.folder(id);
  const { diffId } = await writeLayer({ upper, overlayXattrs: namespace.overlayXattrs, compression: "none" });
  store.snapshots.setDiffId(id, diffId);
  return diffId;
}
