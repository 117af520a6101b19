import type { Store } from "../../store/index.ts";
import type { PruneOptions, PruneResult } from "../api/api.ts";
import type { Plain } from "../engine/protocol.ts";

/** The engine's part of `prune`. */
export async function pruneInEngine(options: Plain<PruneOptions>, store: Store): Promise<PruneResult> {
  const { all, until, kinds, labels, reservedSpace, maxUsedSpace, minFreeSpace, dryRun } = options;
  const removed = await store.prune({
    all,
    kinds,
    labels,
    dryRun,
    filterUntil: until,
    keepBytes: reservedSpace,
    maxUsedBytes: maxUsedSpace,
    minFreeBytes: minFreeSpace,
  });
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
