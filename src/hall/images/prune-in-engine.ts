import type { Store } from "../../store/index.ts";
import type { PruneOptions, PruneResult } from "../api/api.ts";
import type { Plain } from "../engine/protocol.ts";

/** The engine's part of `prune`. */
export async function pruneInEngine({ all }: Plain<PruneOptions>, store: Store): Promise<PruneResult> {
  const removed = await store.prune({ all });
  return {
    images: removed.images.length,
    snapshots: removed.snapshots.length,
    cacheRecords: removed.records.length,
    cacheMounts: removed.cacheMounts.length,
    failedSteps: removed.failedSteps.length,
    blobs: removed.blobs.length,
    freed: removed.bytes,
  };
}
