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
