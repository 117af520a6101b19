import type { BuildEvent, Digest, SlipwayError } from "../base/index.ts";
import type { ImageConfig, Platform } from "../oci/index.ts";
import type { SecretSource } from "../ops/index.ts";
import type { BuildFacts } from "../store/index.ts";

export type { BuildEvent, Digest, ErrorCode, SlipwayErrorInit, StepInfo } from "../base/index.ts";
export type { Comparison, ImageInspection, InstalledPackage, NotableFile } from "../inspect/index.ts";
export type { ImageConfig, Platform } from "../oci/index.ts";
export type { SecretSource } from "../ops/index.ts";
export type { BuildFacts, StageUsage } from "../store/index.ts";

/** What every call of the library takes. */
export interface CommonOptions {
  /** The store's folder; without it SLIPWAY_ROOT, /var/lib/slipway for root, else the user's data folder. */
  readonly store?: string | undefined;
  /** Ends the work; the call then rejects with SLIP_CANCELLED and leaves the store consistent. */
  readonly signal?: AbortSignal | undefined;
}

/** One `--output`: `type=oci|docker|local|tar,dest=...`. */
export interface OutputSpec {
  readonly type: "oci" | "docker" | "local" | "tar" | "image";
  /** File or folder; "-" is standard output. Not for type "image". */
  readonly dest?: string | undefined;
  /** Everything else that was written, by key. */
  readonly attributes: Readonly<Record<string, string>>;
}

/** Where a base that is neither a stage, a named context nor in the store may come from. */
export type BaseImages = "auto" | "registry" | "archive";

export interface BuildOptions extends CommonOptions {
  /** The build context: a folder. */
  readonly context: string;
  /** Path of the Dockerfile; `Dockerfile` in the context without it. */
  readonly dockerfile?: string | undefined;
  /** Stage name (any case) or number; the last stage without it. */
  readonly target?: string | undefined;
  readonly tags?: readonly string[] | undefined;
  readonly buildArgs?: Readonly<Record<string, string>> | undefined;
  /** Name -> folder, or `docker-image://REFERENCE`. */
  readonly buildContexts?: Readonly<Record<string, string>> | undefined;
  readonly labels?: Readonly<Record<string, string>> | undefined;
  readonly noCache?: boolean | undefined;
  /** Steps at once; the number of processors without it. */
  readonly jobs?: number | undefined;
  readonly outputs?: readonly OutputSpec[] | undefined;
  readonly baseImages?: BaseImages | undefined;
  readonly debianMirror?: string | undefined;
  /** What RUN --mount=type=secret may have, by id; read when a step needs it. */
  readonly secrets?: Readonly<Record<string, SecretSource>> | undefined;
  /** Sockets of the ssh agents that RUN --mount=type=ssh may talk to, by id (`default`). */
  readonly ssh?: Readonly<Record<string, string>> | undefined;
  /** Network of RUN steps; "default" is the host's. */
  readonly network?: "default" | "host" | "none" | undefined;
  readonly onEvent?: ((event: BuildEvent) => void) | undefined;
}

export interface BuildResult {
  /** Digest of the image's configuration. */
  readonly imageId: Digest;
  readonly names: readonly string[];
  /** Bytes of all layers' files. */
  readonly size: number;
  readonly facts: BuildFacts;
  readonly outputs: readonly { readonly type: string; readonly dest: string; readonly digest?: Digest | undefined }[];
}

export interface ImageSummary {
  readonly id: Digest;
  /** Familiar names (`calculator:multi`); empty for a dangling image. */
  readonly names: readonly string[];
  /** Milliseconds since the epoch. */
  readonly created: number;
  readonly size: number;
  readonly layers: number;
  readonly platform: Platform;
}

export interface ImageDetails extends ImageSummary {
  readonly config: ImageConfig;
  /** Bytes of each layer, bottom first. */
  readonly layerSizes: readonly number[];
  readonly facts?: BuildFacts | undefined;
}

export interface RunOptions extends CommonOptions {
  readonly image: string;
  /** Arguments behind the image: they replace CMD. */
  readonly args?: readonly string[] | undefined;
  readonly entrypoint?: string | undefined;
  readonly env?: readonly string[] | undefined;
  /** `HOST:CONTAINER[:ro]`, absolute paths. */
  readonly volumes?: readonly string[] | undefined;
  readonly workdir?: string | undefined;
  readonly user?: string | undefined;
  readonly network?: "host" | "none" | undefined;
  readonly hostname?: string | undefined;
  readonly readOnly?: boolean | undefined;
  /** Keep standard input open (`-i`). */
  readonly interactive?: boolean | undefined;
  /** A terminal (`-t`). */
  readonly tty?: boolean | undefined;
  /** What that terminal begins with; without it the size of standard output's. */
  readonly terminalSize?: { readonly columns: number; readonly rows: number } | undefined;
  /** Signals that this process gets while the call lasts (INT, TERM, HUP, QUIT, USR1, USR2) go to the container instead. */
  readonly forwardSignals?: boolean | undefined;
  /** Hears of warnings, and of the runtime being brought. */
  readonly onEvent?: ((event: BuildEvent) => void) | undefined;
}

export interface SaveOptions extends CommonOptions {
  readonly images: readonly string[];
  readonly type: "oci" | "docker";
  readonly dest: string;
}

export interface RemoveOptions extends CommonOptions {
  /** Remove an image that is given by its id with all its names. */
  readonly force?: boolean | undefined;
  readonly onFailure?: ((error: SlipwayError) => void) | undefined;
}

export interface PruneOptions extends CommonOptions {
  /** Also images that were not built here (bases, which a build makes again), the cache of images that stay, and layer archives. */
  readonly all?: boolean | undefined;
}

export interface PruneResult {
  readonly images: number;
  readonly snapshots: number;
  readonly cacheRecords: number;
  /** Folders of RUN --mount=type=cache. */
  readonly cacheMounts: number;
  /** Packages that bases were made from, and layers as they left the store. */
  readonly blobs: number;
  /** Bytes freed. */
  readonly freed: number;
}

export interface DiskUsageRow {
  /** `archive cache`: packages and indexes of the Debian archive. `layer archives`: layers as they left the store, made again when missing. */
  readonly type: "images" | "build cache" | "cache mounts" | "layer archives" | "archive cache" | "runtime" | "other";
  readonly count: number;
  /** Those in use: images with a name, cache records that an image stands on, cache mounts of builds that run, archives of layers that are there. */
  readonly active: number;
  /** Bytes on the disk; what several images hold counts once. */
  readonly size: number;
  /** What `prune` would free of it. */
  readonly reclaimable: number;
  /** What `prune` with `all` would free of it. */
  readonly reclaimableWithAll: number;
}

export interface DiskUsage {
  readonly rows: readonly DiskUsageRow[];
  /** Bytes of all rows: what the store's folder takes on the disk. */
  readonly total: number;
}
