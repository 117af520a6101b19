import type { Bytes, Digest } from "../base/index.ts";
import type { PruneOptions, Recovered, Removed } from "./cleaning.ts";
import type { Descriptor, ImageConfig, Platform } from "../oci/index.ts";
import type { RemoteLayers } from "./remote-layers.ts";
import type { Travelled } from "./travelled.ts";
import type { EvictOptions } from "./evict.ts";
import type { DiskUsage, Eviction, PastEviction, StorageLimit } from "./usage.ts";

/** Content-addressed blobs. Nothing half-written is ever visible. */
export interface ContentStore {
  stat(digest: Digest): Promise<Descriptor | undefined>;
  /** Verified while read: throws SLIP_DIGEST_MISMATCH at the end of bytes that are not the promised ones. */
  read(digest: Digest): Bytes;
  /** Throws SLIP_DIGEST_MISMATCH when `expected` names another digest or size. */
  write(bytes: Bytes, expected?: Partial<Descriptor>, watch?: BlobWatch): Promise<Descriptor>;
  /** Adopts a finished file by renaming it in; its digest is trusted, because the caller computed it while writing. */
  adopt(file: string, descriptor: Descriptor): Promise<Descriptor>;
  /** The blob's file, for readers that want a path. */
  path(digest: Digest): string;
  delete(digest: Digest): Promise<void>;
  list(): AsyncIterable<Descriptor>;
}

/** What reads a blob while it is written. Neither is called for a blob that is there. */
export interface BlobWatch {
  /** The file that the bytes go to; it is renamed when all are there. */
  began(file: string): void;
  /** So many bytes are in the file. */
  grew(bytes: number): void;
  /** True for a source that throws at its end unless it gave the expected bytes: they are not hashed once more. */
  readonly verified?: boolean | undefined;
}

/** Random, and sorts by the time it was made (ULID). */
export type SnapshotId = string;

/** A committed folder of changes over a parent. */
export interface SnapshotRecord {
  readonly id: SnapshotId;
  readonly parent: SnapshotId | undefined;
  /** Milliseconds since the epoch. */
  readonly created: number;
  /** Bytes of regular files and number of entries in this layer alone. */
  readonly size: number;
  readonly entries: number;
  /** Bytes that it takes on the disk; undefined when nobody measured it. */
  readonly disk?: number | undefined;
  /** Known once the layer was tarred. */
  readonly diffId?: Digest | undefined;
}

/** A layer's blob in one compression, made when it left the store (or came in). */
export interface LayerBlob {
  readonly diffId: Digest;
  readonly compression: "none" | "gzip" | "zstd";
  readonly level: number;
  readonly digest: Digest;
  readonly size: number;
  /** Its folder would give other bytes: nothing removes it while the layer is there. */
  readonly irreplaceable?: boolean | undefined;
}

/** What a vertex's key once gave. */
export interface CacheRecord {
  readonly key: Digest;
  /** The key that users of the result build on: the content key where there is one, otherwise the key itself. */
  readonly identity: Digest;
  readonly snapshot: SnapshotId;
  readonly created: number;
  readonly description: string;
}

/** What the key of a step that ran was made of, kept beside its record so that a later miss can be told why. */
export interface KeyNote {
  readonly key: Digest;
  /** Where the step stands: a name for its Dockerfile and stage. */
  readonly place: string;
  /** Its number in the stage. */
  readonly position: number;
  /** A name for what the instruction says, whatever the place. */
  readonly text: string;
  readonly made: number;
  /** Why it ran, in words. */
  readonly why: string;
  /** What the key was made of, as JSON gives it back; the caller checks its shape. Undefined once the record is gone. */
  readonly parts: unknown;
  /** Why the record is gone, where more is known than that it was pruned: `evicted on 2026-11-21: storage.max 20GB`. */
  readonly gone?: string | undefined;
}

/** What a failed step left: its file system as the failed command left it. */
export interface FailedStep {
  readonly snapshot: SnapshotId;
  /** Milliseconds since the epoch. */
  readonly created: number;
  /** What it takes to go into it, as JSON gives it back; the caller checks its shape. */
  readonly state: unknown;
}

/** Bytes and names of a stage that was left behind or shipped. */
export interface StageUsage {
  readonly name: string;
  /** Bytes of files; of layers in `compressedLayers` those of their blobs. */
  readonly size: number;
  readonly entries: number;
  readonly shipped: boolean;
  /** Layers that nobody has unpacked, where there are any. */
  readonly compressedLayers?: number | undefined;
}

/** Facts of the build that made an image, kept beside it. */
export interface BuildFacts {
  readonly dockerfile?: string | undefined;
  readonly target?: string | undefined;
  readonly duration: number;
  readonly steps: number;
  readonly cachedSteps: number;
  readonly stages: readonly StageUsage[];
  /** Stages that were not built, each with the reason: `test: not needed by target app`. */
  readonly skippedStages: readonly string[];
  /** Where each base came from: name -> `store`, `store (archive bookworm ...)`, `archive http://... bookworm ...`. */
  readonly bases: Readonly<Record<string, string>>;
}

/** An image in the store: configuration and snapshots, no compressed layers. */
export interface ImageRecord {
  /** Digest of the configuration's bytes. */
  readonly id: Digest;
  readonly config: ImageConfig;
  /** One committed snapshot a layer, bottom first; each the parent of the next. Empty for an image without layers. */
  readonly snapshots: readonly SnapshotId[];
  /** Bytes of all layers' files. */
  readonly size: number;
  readonly created: number;
  readonly facts?: BuildFacts | undefined;
}

/** A name of an image, as people write it: `calculator:latest`. */
export interface ImageName {
  readonly name: string;
  readonly id: Digest;
}

/**
 * The images. An image may have several names, or none (it is then called dangling).
 * All of it is synchronous: an answer takes microseconds.
 */
export interface ImageStore {
  /**
   * Records an image; one that is there already gets the new facts.
   * @param config the configuration's bytes, when they are not those that oci/ makes of `record.config`; their digest is the id.
   * Throws SLIP_DIGEST_MISMATCH when they are not, SLIP_STORE when a snapshot is missing or is not the child of the one before.
   */
  put(record: ImageRecord, config?: Uint8Array): void;
  get(id: Digest): ImageRecord | undefined;
  /** Marks it and its snapshots as used, so that no `prune` removes them while this store is open. False when it is not there. */
  use(id: Digest): boolean;
  /** The configuration exactly as it was put: its digest is the id. */
  config(id: Digest): Uint8Array | undefined;
  /**
   * By name (`debian` means `docker.io/library/debian:latest`), by whole id with or without `sha256:`, or by the first
   * digits of the id. Throws SLIP_IMAGE_UNKNOWN when digits fit several images.
   * @param platform which image of a name for several platforms; without it this machine's, or else the first. What is found by a name of
   * a single image or by id may be for another platform.
   */
  find(text: string, platform?: Platform): ImageRecord | undefined;
  /** All images of a name, one a platform, in their order; none for what is no name. */
  named(name: string): readonly ImageRecord[];
  /** Gives the images the name, each for its platform; it leaves those that had it. Returns the first of them. */
  tag(name: string, ...ids: readonly [Digest, ...Digest[]]): Digest | undefined;
  /**
   * Gives the image the name beside those for other platforms.
   * @param options asked: a person wants it by that name, so no eviction takes it; a base that a build brings is cache.
   */
  tagBeside(name: string, id: Digest, options?: { readonly asked?: boolean }): void;
  /** Takes a name away, from one image alone if an id is given; the images stay. Returns the first that lost it. */
  untag(name: string, id?: Digest): Digest | undefined;
  names(id: Digest): readonly string[];
  /** Newest first. */
  list(): readonly ImageRecord[];
  /** Keeps blobs for as long as the image is there, in place of those that it kept before. Throws SLIP_STORE when one of them is not there. */
  keepBlobs(id: Digest, digests: readonly Digest[]): void;
  /** Forgets the image, its names and its facts. Its snapshots stay until `collect` or `prune` finds that nothing needs them. */
  remove(id: Digest): boolean;
}

/** The records of committed snapshots; the folders are made and stacked by the snapshotter. */
export interface SnapshotRecords {
  get(id: SnapshotId): SnapshotRecord | undefined;
  /** Records from the bottom layer to `id`. Throws SLIP_STORE when one is missing. */
  chain(id: SnapshotId): readonly SnapshotRecord[];
  children(id: SnapshotId): readonly SnapshotId[];
  list(): readonly SnapshotRecord[];
  /** Marks it and what it stands on as used, so that nothing removes them while this store is open. False when it is not there. */
  use(id: SnapshotId): boolean;
  /** A committed snapshot's folder of changes; that of a remote layer is not there (see RemoteLayers). */
  folder(id: SnapshotId): string;
  /**
   * Publishes a finished folder: renames `source` (which holds `fs`) in and inserts the record, as one step.
   * Until `settle` has run, a crash of the machine (not of the process) takes the snapshot with it.
   * @returns the record as it is kept: what it takes on the disk with the folder that holds `fs`.
   */
  publish(record: SnapshotRecord, source: string): SnapshotRecord;
  /**
   * Puts the folder of changes of one snapshot on another parent as well, without copying it: what the folder says must hold whatever lies
   * below it. The same two always give the same snapshot. Nothing of the two is removed while it is there.
   */
  stack(id: SnapshotId, parent: SnapshotId): SnapshotRecord;
  setDiffId(id: SnapshotId, diffId: Digest): void;
  /** The digest of the layer whose times end at an epoch (seconds); undefined while nobody computed it. */
  rewritten(id: SnapshotId, epoch: number): Digest | undefined;
  setRewritten(id: SnapshotId, epoch: number, diffId: Digest): void;
  /** The epoch (seconds) that gives a layer this digest; undefined for the digest of its own times. */
  epochOf(id: SnapshotId, diffId: Digest): number | undefined;
  /** Throws SLIP_STORE while an image or a child stands on it; its cache records go with it. */
  remove(id: SnapshotId): Promise<boolean>;
}

/** What the keys of vertices gave. */
export interface CacheRecords {
  /** The record, when its snapshot is still there; marks both as used, so that nothing removes them while this store is open. */
  get(key: Digest): CacheRecord | undefined;
  /** As `get`, without marking anything: for those who only want to know. */
  peek(key: Digest): CacheRecord | undefined;
  /**
   * Records a result. Another build may have been first: then its record stays and is returned, and the caller goes on with
   * that; unless `replace` is set. Throws SLIP_STORE when the snapshot is not in the store.
   * @param options.note is kept with the record that is new.
   */
  put(
    record: CacheRecord,
    options?: { readonly replace?: boolean | undefined; readonly note?: KeyNote | undefined },
  ): CacheRecord;
  /** Marks as used at a time in milliseconds since the epoch, now if none is given. */
  touch(key: Digest, lastUsed?: number): void;
  delete(key: Digest): void;
  list(): readonly (CacheRecord & { readonly lastUsed: number })[];
}

/** What the keys of steps were made of; notes are written with records. */
export interface KeyNotes {
  get(key: Digest): KeyNote | undefined;
  /** Notes of records that are there, of this place or this text: those of the place first, then the latest first. */
  near(place: string, text: string): readonly KeyNote[];
}

/** The latest few steps that failed; their snapshots stay until `prune`, or until newer ones take their place and `collect` comes. */
export interface FailedSteps {
  /** Throws SLIP_STORE when the snapshot is not in the store. */
  add(step: FailedStep): void;
  /** Latest first. */
  list(): readonly FailedStep[];
}

/** Which blob a layer became in which compression. */
export interface LayerBlobs {
  /** Only when the blob is still in the store; marks it as used, so that nothing removes it while this store is open. */
  get(diffId: Digest, compression: LayerBlob["compression"], level: number): LayerBlob | undefined;
  put(blob: LayerBlob): void;
}

/** Small values that took time to find out: inspections of images, the archive's state. */
export interface Facts {
  /** What was set, as JSON gives it back; undefined when nothing was. The caller checks its shape. */
  get(key: string): unknown;
  /**
   * @param key may be forgotten by `prune` with `all`, unless it begins with `store/`.
   * @param image the image that it is about: forgotten with it.
   */
  set(key: string, value: unknown, image?: Digest): void;
  delete(key: string): void;
}

/** A folder that outlives the steps that it is mounted for (`RUN --mount=type=cache`). */
export interface CacheMount {
  readonly id: string;
  /** What requests find it by. */
  readonly key: Digest;
  /** What people call it. */
  readonly name: string;
  readonly created: number;
  readonly lastUsed: number;
  /** A living process has it mounted. */
  readonly inUse: boolean;
  /** The step that used it last, as its Dockerfile has it. */
  readonly usedBy: string | undefined;
  /** Bytes on the disk, as its last user left it; undefined when nobody measured it. */
  readonly disk: number | undefined;
}

export interface CacheMountRequest {
  readonly name: string;
  /** Requests with the same key get the same folder, as far as `sharing` allows. */
  readonly key: Digest;
  /**
   * `shared`: with other users who share; `locked`: alone, after those who have it; `private`: alone, in another folder if this one
   * is in use.
   */
  readonly sharing: "shared" | "private" | "locked";
  /** Makes the folder that it is given what a new cache begins with. */
  readonly fill: (folder: string) => Promise<void>;
  /** The step that asks, for people. */
  readonly usedBy?: string | undefined;
  /** Called once when somebody else has it for about a second. */
  readonly onWait?: (() => void) | undefined;
}

/** A cache mount in use; disposing of it lets it go. The kernel lets go of those of a process that died. */
export interface CacheMountUse extends AsyncDisposable {
  readonly folder: string;
}

/** The cache mounts: folders with a row each, kept by when they were last used. */
export interface CacheMounts {
  /** Finds or makes the folder. Throws SLIP_CANCELLED when the signal aborts while it waits. */
  use(request: CacheMountRequest, signal?: AbortSignal): Promise<CacheMountUse>;
  /** Used last first. */
  list(): readonly CacheMount[];
  /** Deletes those of the ids that nobody uses. Rootless: only inside the namespaces. */
  remove(ids: readonly string[]): Promise<readonly CacheMount[]>;
}

export interface StoreOptions {
  /** The running boot of the machine, for tests of what a crash leaves. */
  readonly bootId?: string | undefined;
  /** The file with its metadata, where that is not its own: see openTrialStore. */
  readonly database?: string | undefined;
  /** How long a write waits for another process's write, in milliseconds; 10 s if not given. */
  readonly busyTimeout?: number | undefined;
  /** How much it may take on the disk. */
  readonly limit?: StorageLimit | undefined;
  /** Hears of what was evicted to make room for something. */
  readonly onEviction?: ((eviction: Eviction) => void) | undefined;
}

/**
 * What stays on disk. Several processes may use one store at once. Metadata are answered synchronously.
 *
 * What a build has got from the store (a cache record, a used or published snapshot, a blob, an image it put) is not removed by
 * `prune` or `collect` of any process for as long as the build's process lives and has the store open.
 */
export interface Store extends Disposable {
  readonly root: string;
  readonly blobs: ContentStore;
  readonly images: ImageStore;
  readonly snapshots: SnapshotRecords;
  readonly remoteLayers: RemoteLayers;
  readonly records: CacheRecords;
  readonly travelled: Travelled;
  readonly keyNotes: KeyNotes;
  readonly failedSteps: FailedSteps;
  readonly cacheMounts: CacheMounts;
  readonly layerBlobs: LayerBlobs;
  readonly facts: Facts;
  /** A path below the root whose folders (all segments but the last) exist afterwards: `path("statcache", name)`. */
  path(...segments: readonly string[]): string;
  /**
   * A new, empty folder in the store's file system that belongs to this process and is swept after its death; `discard` it.
   * @param options untilClosed: closing the store deletes it; nothing may be mounted in it then.
   */
  scratch(options?: { readonly untilClosed?: boolean }): string;
  /** Deletes a file or folder inside the store, large ones off the main thread. Rootless: only inside the namespaces. */
  discard(path: string): Promise<void>;
  /**
   * Waits until no other caller, in this process or another, has the lock of that name. A holder's death frees it.
   * Throws SLIP_CANCELLED when the signal aborts first.
   */
  lock(name: string, signal?: AbortSignal): Promise<AsyncDisposable>;
  /** Brings what was published so far onto the disk (one syncfs), so that it outlives a crash of the machine; best after the answer. */
  settle(): Promise<void>;
  /** Sweeps what killed processes left. Every build that writes calls it once; costs a few milliseconds when there is nothing. */
  recover(): Promise<Recovered>;
  /** Removes snapshots that neither an image nor a cache record nor a running build needs. */
  collect(): Promise<Removed>;
  /** Removes images without a name, cache records that no image stands on, cache mounts, and blobs that no layer needs. */
  prune(options?: PruneOptions): Promise<Removed>;
  /**
   * Removes what was used longest ago, if the store takes more than its limit; a query when it does not.
   * @returns undefined when nothing had to be done.
   */
  keepWithin(options: EvictOptions): Promise<Eviction | undefined>;
  /** Whether `keepWithin` would have something to do under a limit: a query, for those who have nothing to write. */
  isOver(limit: StorageLimit): boolean;
  /** Bytes that the store took when it was last looked at, without work that is going on: a query. */
  estimate(): number;
  /** Bytes that work that is going on has written so far, of all processes: every file of it is looked at. Rootless: only inside the namespaces. */
  live(): Promise<number>;
  /** Bytes that were written to folders of work, and to cache mounts since their last user left them. */
  written(folders: readonly string[]): Promise<number>;
  /** The evictions that are remembered, latest first. */
  evictions(): readonly PastEviction[];
  du(): DiskUsage;
  /** What is wrong with the store, a line each; reads every blob when `blobs` is set. */
  verify(options?: { readonly blobs?: boolean | undefined }): Promise<readonly string[]>;
}
