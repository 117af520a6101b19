import type { Bytes, Digest } from "../base/index.ts";
import type { Descriptor, ImageConfig } from "../oci/index.ts";

/** Content-addressed blobs. Nothing half-written is ever visible. */
export interface ContentStore {
  stat(digest: Digest): Promise<Descriptor | undefined>;
  /** Verified while read: throws SLIP_DIGEST_MISMATCH at the end of bytes that are not the promised ones. */
  read(digest: Digest): Bytes;
  /** Throws SLIP_DIGEST_MISMATCH when `expected` names another digest or size. */
  write(bytes: Bytes, expected?: Partial<Descriptor>): Promise<Descriptor>;
  /** Adopts a finished file by renaming it in; its digest is trusted, because the caller computed it while writing. */
  adopt(file: string, descriptor: Descriptor): Promise<Descriptor>;
  /** The blob's file, for readers that want a path. */
  path(digest: Digest): string;
  delete(digest: Digest): Promise<void>;
  list(): AsyncIterable<Descriptor>;
}

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

/** Bytes and names of a stage that was left behind or shipped. */
export interface StageUsage {
  readonly name: string;
  readonly size: number;
  readonly entries: number;
  readonly shipped: boolean;
}

/** Facts of the build that made an image, kept beside it. */
export interface BuildFacts {
  readonly dockerfile?: string | undefined;
  readonly target?: string | undefined;
  readonly duration: number;
  readonly steps: number;
  readonly cachedSteps: number;
  readonly stages: readonly StageUsage[];
  readonly skippedStages: readonly string[];
  /** Where each base came from: name -> `store`, `archive ...`, `registry ...`. */
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
