import type { Digest, Mount } from "../base/index.ts";
import type { SnapshotId, SnapshotRecord, Store } from "../store/index.ts";

export interface SnapshotterOptions {
  readonly store: Store;
  /** Names of overlayfs' own attributes: `trusted.overlay.*`, or `user.overlay.*` where the kernel refuses the first (rootless). */
  readonly overlayXattrs: "trusted" | "user";
  /** Brings the remote layers that a snapshot stands on; without it a snapshot that has such layers cannot be used. */
  readonly fill?: ((id: SnapshotId) => Promise<void>) | undefined;
}

export interface CommitFacts {
  readonly diffId?: Digest | undefined;
  /** The remote layer whose folder this is: it becomes that snapshot and no new one. */
  readonly fills?: SnapshotId | undefined;
}

/** A snapshot that can be written until it is committed; disposing of it uncommitted removes every trace. */
export interface ActiveSnapshot extends AsyncDisposable {
  readonly parent: SnapshotId | undefined;
  /** The mounts that make its root file system, for someone else to mount. */
  readonly mounts: readonly Mount[];
  /**
   * The folder that holds the changes alone (an overlay upper folder). It may be written directly, in overlayfs' own
   * format, as long as `root` was never called.
   */
  readonly upper: string;
  /** A path for what is made on the way, where nothing is yet; gone when it is committed or disposed of, and swept when this process is killed. */
  readonly scratch: string;
  /** The writable root, mounted in this process's mount namespace; mounted at the first call. */
  root(): Promise<string>;
  /**
   * Unmounts and publishes under a new id, in one atomic step; of a remote layer that another process has filled, its record.
   * @param facts what the caller knows already of the layer.
   */
  commit(facts?: CommitFacts): Promise<SnapshotRecord>;
}

/** A read-only look at a snapshot. */
export interface SnapshotView extends AsyncDisposable {
  readonly mounts: readonly Mount[];
  root(): Promise<string>;
}

export interface Snapshotter {
  /** The layers of the parent that are not here are brought first, as with `view`. */
  prepare(parent?: SnapshotId): Promise<ActiveSnapshot>;
  /** @param above folders of changes that are seen on top, bottom first. */
  view(id: SnapshotId, above?: readonly string[]): Promise<SnapshotView>;
  /** The record, and its folder is there. */
  has(id: SnapshotId): Promise<boolean>;
  remove(id: SnapshotId): Promise<void>;
  /** Folders of changes from the bottom layer to `id`; those of remote layers are not there. */
  chain(id: SnapshotId): readonly { readonly id: SnapshotId; readonly upper: string }[];
}
