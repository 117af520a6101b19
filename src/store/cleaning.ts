import type { Digest } from "../base/index.ts";
import type { CacheRecord, SnapshotId } from "./contract.ts";

/** What `prune` removes and keeps. */
export interface PruneOptions {
  /** Also images that were not built here (bases, which a build makes or fetches again) and the cache of what images hold. */
  readonly all?: boolean | undefined;
  /** Only what was last used before this time, in milliseconds since the epoch. */
  readonly filterUntil?: number | undefined;
  /** Keeps what was used last of the cache, up to this many bytes. */
  readonly keepBytes?: number | undefined;
  /** Removes of the cache until it is no more than this many bytes, or keepBytes if that is more. */
  readonly maxUsedBytes?: number | undefined;
  /** Removes of the cache until the disk has so many bytes free, or the cache is down to keepBytes. */
  readonly minFreeBytes?: number | undefined;
  /** Only these kinds; all without it. */
  readonly kinds?: readonly PruneKind[] | undefined;
  /** Of images only those that have, or with `not` lack, all of these labels. */
  readonly labels?: readonly LabelFilter[] | undefined;
  /** Tells what would be removed, and removes nothing. */
  readonly dryRun?: boolean | undefined;
}

/** What `prune` removes. `archive`: layers as they left the store, packages; `file`: indexes and what is known of contexts. */
export type PruneKind = "image" | "cache" | "cache mount" | "failed step" | "archive" | "file";

export interface LabelFilter {
  readonly name: string;
  /** Any without it. */
  readonly value?: string | undefined;
  readonly not?: boolean | undefined;
}

/** What a clean-up removed. */
export interface Removed {
  readonly images: readonly Digest[];
  readonly records: readonly CacheRecord[];
  readonly snapshots: readonly SnapshotId[];
  readonly blobs: readonly Digest[];
  /** Ids of cache mounts. */
  readonly cacheMounts: readonly string[];
  /** What failed steps left. */
  readonly failedSteps: readonly SnapshotId[];
  /** Bytes that all of it took on the disk. */
  readonly bytes: number;
}

/** What `recover` swept: leftovers of processes that were killed. */
export interface Recovered {
  /** Processes that ended without closing the store. */
  readonly processes: number;
  /** Half-made snapshots and other folders of theirs. */
  readonly folders: number;
  /** Blobs' files without a record. */
  readonly blobs: number;
  /** Snapshots that nothing refers to. */
  readonly snapshots: number;
}
