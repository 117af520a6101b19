import type { Digest } from "../base/index.ts";
import type { KeyNote } from "../store/index.ts";

/** Names of a cache's documents. The manifest around them is an OCI image manifest (image-spec, manifest.md). */
export const cacheTypes = {
  config: "application/vnd.slipway.cache.config.v1+json",
} as const;

/** The member of an image's configuration that holds the records of the image's own layers. */
export const inlineMember = "slipway.cache.v1";

/**
 * What steps once gave, in a form that another store can take up: keys lead to snapshots, snapshots are layers on layers. Where the blobs of the
 * layers are stands outside: those of a cache on its own are the first of its manifest's layers, in this order; those of an inline cache are the
 * image's.
 */
export interface CacheDocument {
  readonly version: 1;
  /** `squashed`: everything in the layers belongs to root, because they were made with one user id. */
  readonly owners: "kept" | "squashed";
  /** Each diff id once. */
  readonly layers: readonly Digest[];
  readonly snapshots: readonly CachedSnapshot[];
  readonly records: readonly CachedRecord[];
  /** Definitions with the identities that they led to, whether or not the results are here: `[definition, identity]`. */
  readonly identities: readonly (readonly [Digest, Digest])[];
  /** Bases that no registry has: they were made from the Debian archive. */
  readonly bases: readonly CachedBase[];
  /** Folders of RUN --mount=type=cache. */
  readonly mounts: readonly CachedMount[];
}

/** A layer on what lies below it. */
export interface CachedSnapshot {
  /** Its number in `layers`. */
  readonly layer: number;
  /** The number of an earlier snapshot; without it the layer lies on nothing. */
  readonly parent?: number | undefined;
  /** Milliseconds since the epoch: an image that is put together from it takes its time from here. */
  readonly created: number;
  /** Bytes of files, and entries, of this layer alone. */
  readonly size: number;
  readonly entries: number;
  /** Diff ids of the same layer with its times cut at an epoch (seconds): `[epoch, diffId]`. */
  readonly rewritten?: readonly (readonly [number, Digest])[] | undefined;
}

export interface CachedRecord {
  readonly key: Digest;
  /** The same as the key without it. */
  readonly identity?: Digest | undefined;
  /** Its number in `snapshots`. */
  readonly snapshot: number;
  /** Milliseconds since the epoch. */
  readonly created: number;
  /** The instruction. */
  readonly text: string;
  /** What the key was made of, without the values of variables. */
  readonly note?: Omit<KeyNote, "key"> | undefined;
}

export interface CachedBase {
  readonly name: string;
  /** As people write it: `linux/amd64`. */
  readonly platform: string;
  /** The exact text of the image's configuration. */
  readonly config: string;
  /** Its top layer; none for an image without layers. */
  readonly snapshot?: number | undefined;
  /** Where it came from first: `archive bookworm ...`. */
  readonly origin: string;
  /** Digest of the packages that it was made of: a build with `--locked` asks for those. */
  readonly packages?: Digest | undefined;
}

export interface CachedMount {
  /** What a cache mount is found by: its id, owner, mode, and what it begins with. */
  readonly key: Digest;
  /** What people call it. */
  readonly name: string;
  /** Its number among the manifest's layers. */
  readonly blob: number;
  /** Bytes of its files. */
  readonly size: number;
}
