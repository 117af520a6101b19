import type { Digest } from "../../base/index.ts";
import type { SnapshotId, Store } from "../../store/index.ts";

/**
 * The digest of a snapshot's tar, if the store has it.
 * @param epoch the latest time that its files may have, in seconds; without it each has its own.
 */
export function knownDiffId(store: Store, id: SnapshotId, epoch: number | undefined): Digest | undefined {
  return epoch === undefined ? store.snapshots.get(id)?.diffId : store.snapshots.rewritten(id, epoch);
}
