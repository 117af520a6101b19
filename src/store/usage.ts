/** One kind of what the store keeps. */
export interface UsagePart {
  readonly count: number;
  /** Those of them that something stands on. */
  readonly active: number;
  /** Bytes on the disk. */
  readonly bytes: number;
  /** What `prune` would free of it. */
  readonly reclaimable: number;
  /** What `prune` with `all` would free of it. */
  readonly reclaimableWithAll: number;
}

/** What the store takes on the disk, each byte once: with the folders of other rooms, all that is below its root. */
export interface DiskUsage {
  /** The snapshots that images hold; counted by image, active are those with a name. */
  readonly images: UsagePart;
  /** The snapshots that no image holds; counted by cache record, active are those whose snapshot an image holds. */
  readonly cache: UsagePart;
  /** What failed steps left of their file systems. */
  readonly failedSteps: UsagePart;
  /** What `RUN --mount=type=cache` left; active are those in use. */
  readonly cacheMounts: UsagePart;
  /** Layers as they left the store, which snapshots give again; active are those whose layer is there. */
  readonly layerBlobs: UsagePart;
  /** All other blobs. */
  readonly otherBlobs: UsagePart;
  /** What else is made again when it is missing: what is known of the files of build contexts, indexes of the archive. By name below the root. */
  readonly remade: Readonly<Record<string, UsagePart>>;
  /** Bytes of everything else by its name below the root: `slipway.db`, `debian`, ... */
  readonly rest: Readonly<Record<string, number>>;
  readonly total: number;
}

/** How much the store may take on the disk. Bytes. */
export interface StorageLimit {
  readonly max: number;
  /** What is left when it was more than `max`: so that not every build has to evict. */
  readonly keep: number;
  /** What people know it by: `storage.max 20GB`. */
  readonly label: string;
}

/** One thing that was evicted. */
export interface EvictedThing {
  readonly kind: "step" | "image" | "layer archive" | "package" | "cache mount" | "failed step" | "file";
  /** The step, the image's name, the cache's id, the digest. */
  readonly name: string;
  /** Bytes on the disk that its going freed. */
  readonly bytes: number;
  /** Milliseconds since the epoch. */
  readonly lastUsed: number;
}

/** What was done to keep the store within its limit. */
export interface Eviction {
  readonly limit: StorageLimit;
  /** Used longest ago first. */
  readonly things: readonly EvictedThing[];
  /** Bytes freed. */
  readonly bytes: number;
  /** Bytes that the store took before and takes now. */
  readonly used: number;
  readonly left: number;
  /** It is still more than the limit: what has names, or is in use, takes so much. */
  readonly over: boolean;
}

/** An eviction as it is remembered. */
export interface PastEviction extends EvictedThing {
  /** Milliseconds since the epoch. */
  readonly time: number;
  /** The limit's label. */
  readonly cap: string;
}
