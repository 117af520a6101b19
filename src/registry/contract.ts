import type { Bytes, Digest } from "../base/index.ts";
import type { Descriptor, Document, ImageConfig, Index, Manifest, Platform, Reference } from "../oci/index.ts";
import type { RegistriesConfig } from "./config.ts";

/** What the room tells while it works; plain JSON, and never a credential. Times are milliseconds, sizes bytes. */
export type RegistryEvent =
  | {
      readonly type: "progress";
      readonly direction: "download" | "upload";
      /** The blob's digest; a name of its own where it began to travel before anybody knew that. */
      readonly blob: string;
      readonly current: number;
      readonly total: number;
    }
  /** The registry has the blob already. */
  | { readonly type: "exists"; readonly digest: Digest }
  /** The registry took the blob from another of its repositories. */
  | { readonly type: "mounted"; readonly digest: Digest; readonly from: string }
  | { readonly type: "retry"; readonly host: string; readonly reason: string; readonly wait: number }
  | { readonly type: "mirror-failed"; readonly mirror: string; readonly reason: string }
  /** What the registry wants people to read (distribution-spec, "Warnings"). */
  | { readonly type: "warning"; readonly host: string; readonly text: string };

/** What every action gets: a signal that ends it and a sink for its events. */
export interface RegistryCtx {
  readonly signal: AbortSignal;
  readonly emit: (event: RegistryEvent) => void;
}

/** How long and how often; the defaults are in http/limits.ts. Milliseconds where nothing else is said. */
export interface RegistryLimits {
  /** Tries of one request, or of one blob without progress between them. */
  readonly attempts: number;
  /** Before the second try; doubled each time. */
  readonly backoff: number;
  /** The longest pause; a registry that asks for more is given up. */
  readonly longestWait: number;
  readonly connect: number;
  /** From the end of a request to the head of its answer. */
  readonly headers: number;
  /** Waiting for bytes, in either direction, during which `slowest` must be kept. */
  readonly stall: number;
  /** Bytes a second. */
  readonly slowest: number;
  readonly redirects: number;
}

export interface RegistryOptions {
  /** Mirrors, plain HTTP, authorities. Without it every registry is taken as it is. */
  readonly config?: RegistriesConfig | undefined;
  /** Proxies, certificates and the places of credentials are read from these variables; the process's own by default. */
  readonly env?: NodeJS.ProcessEnv | undefined;
  readonly limits?: Partial<RegistryLimits> | undefined;
  /** A client of the same configuration and variables that is disposed of after this one: both together have as many connections as one. */
  readonly beside?: RegistryClient | undefined;
}

/** What a name stands for, whole: the documents exactly as the registry has them, each with its digest verified. */
export interface RegistryImage {
  /** The indexes that were walked through, outermost first; none when the name is a manifest's. */
  readonly indexes: readonly Document<Index>[];
  readonly manifest: Document<Manifest>;
  readonly config: Document<ImageConfig>;
}

/** A blob to push. */
export interface PushBlob {
  readonly descriptor: Descriptor;
  /** Its bytes from that offset; called only if the registry lacks the blob, and again after a cut. A chunk is used until the third after it is asked for. */
  open(from: number): Bytes;
  /** Repositories that may have it; those of the same registry are asked to share it. */
  readonly origins?: readonly Reference[] | undefined;
}

/** A blob that is still being made, and goes up meanwhile. */
export interface GrowingBlob {
  /** What it is, as soon as that is known. Rejects when it comes to nothing. */
  readonly whole: Promise<Descriptor>;
  /** Its bytes from that offset as they come, to its end; as a PushBlob's. */
  open(from: number): Bytes;
}

export interface PushContent {
  readonly blobs: readonly PushBlob[];
  /** Manifests and indexes in any order that has each after those it names; the last gets the tag. */
  readonly documents: readonly Pick<Document<unknown>, "bytes" | "descriptor">[];
}

/** A manifest that has another as its subject (distribution-spec, "Listing Referrers"). */
export interface Referrer extends Descriptor {
  readonly artifactType?: string | undefined;
}

/**
 * A client of all registries. Every action throws SLIP_CANCELLED, SLIP_NETWORK, SLIP_UNAUTHORIZED, SLIP_REGISTRY (the registry refuses, or does not
 * keep to the distribution-spec), and those that read also SLIP_IMAGE_UNKNOWN, SLIP_DIGEST_MISMATCH and SLIP_OCI_INVALID.
 * Reading goes through the mirrors of the configuration, all else straight to the registry.
 */
export interface RegistryClient extends Disposable {
  /** What the name stands for now. Costs a HEAD where the registry answers it; the digest is then its word alone. */
  resolve(reference: Reference, ctx: RegistryCtx): Promise<Descriptor>;
  /** The manifest or index of that name, verified when the name has a digest. */
  manifest(reference: Reference, ctx: RegistryCtx): Promise<Document<Manifest | Index>>;
  /**
   * The image for a platform, through indexes, with its configuration.
   * @param lone what becomes of an image of another platform that no index has said to be for this one: SLIP_IMAGE_UNKNOWN, or it is the image
   */
  image(
    reference: Reference,
    platform: Platform,
    ctx: RegistryCtx,
    lone?: "must-fit" | "any-platform",
  ): Promise<RegistryImage>;
  /**
   * Streams a blob of the reference's repository to `use`, which must read all of it; cuts are mended on the way. The last chunk is followed by
   * SLIP_DIGEST_MISMATCH when the bytes are not the promised ones; `use` is then called once more, and for each mirror.
   */
  blob<T>(
    reference: Reference,
    descriptor: Descriptor,
    use: (bytes: Bytes) => Promise<T>,
    ctx: RegistryCtx,
  ): Promise<T>;
  /** Pushes blobs in parallel, then the documents, the tagged one last. A blob that was pushed by this client before is not asked for again. */
  push(reference: Reference, content: PushContent, ctx: RegistryCtx): Promise<void>;
  /** Pushes blobs ahead of the push that names them, which will not ask for them again. */
  pushBlobs(reference: Reference, blobs: readonly PushBlob[], ctx: RegistryCtx): Promise<void>;
  /** Pushes a blob ahead while it is being made. Where the registry turns out to have it, no more of it is sent. */
  pushGrowing(reference: Reference, blob: GrowingBlob, ctx: RegistryCtx): Promise<void>;
  /** The repository's tags, as the registry sorts them; pages are fetched as they are read. */
  tags(reference: Reference, ctx: RegistryCtx): AsyncIterable<string>;
  /** What refers to the manifest of the reference's digest, by the API or by the tag that stands in for it. */
  referrers(reference: Reference, ctx: RegistryCtx, artifactType?: string): Promise<readonly Referrer[]>;
  /** Deletes a manifest by digest, or a tag alone where the registry can. @throws SLIP_UNSUPPORTED where it cannot */
  remove(reference: Reference, ctx: RegistryCtx): Promise<void>;
}
