import type { AttestOptions } from "./attest-api.ts";
import type { BuildEvent, Digest, SlipwayError } from "../../base/index.ts";
import type { ImageConfig, Platform } from "../../oci/index.ts";
import type { SecretSource } from "../../ops/index.ts";
import type { ExecSettings } from "../../graph/index.ts";
import type { Entitlement } from "../../plan/index.ts";
import type { Annotation } from "../../export/index.ts";
import type { BuildFacts, LabelFilter, PruneKind, StorageLimit } from "../../store/index.ts";
import type { CacheSpec } from "./cache-api.ts";
import type { OutputSpec, WrittenOutput } from "./output-api.ts";

export type { BuildEvent, Digest, ErrorCode, SlipwayErrorInit, StepInfo } from "../../base/index.ts";
export type { Comparison, ImageInspection, InstalledPackage, NotableFile } from "../../inspect/index.ts";
export type { ImageConfig, Platform } from "../../oci/index.ts";
export type { SecretSource } from "../../ops/index.ts";
export type { Resources, Ulimit } from "../../base/index.ts";
export type { ExecSettings, ExtraHost } from "../../graph/index.ts";
export type { Entitlement } from "../../plan/index.ts";
export type { BuildFacts, LabelFilter, PastEviction, PruneKind, StageUsage, StorageLimit } from "../../store/index.ts";
export type { Annotation, AnnotationPlace } from "../../export/index.ts";
export type { CacheSpec } from "./cache-api.ts";
export type { OutputSpec, WrittenOutput } from "./output-api.ts";

/** What every call of the library takes. */
export interface CommonOptions {
  /** The store's folder; without it SLIPWAY_ROOT, /var/lib/slipway for root, else the user's data folder. */
  readonly store?: string | undefined;
  /** Ends the work; the call then rejects with SLIP_CANCELLED and leaves the store consistent. */
  readonly signal?: AbortSignal | undefined;
}

/** Where a base that is neither a stage, a named context nor in the store may come from. */
export type BaseImages = "auto" | "registry" | "archive";

export interface BuildOptions extends CommonOptions {
  /**
   * The build context: a folder, the address of a git repository (`https://host/x.git#REF:FOLDER`), of an archive or of a Dockerfile, or `-` for
   * standard input, which then is an archive or a Dockerfile.
   */
  readonly context: string;
  /**
   * Path of the Dockerfile, relative to the working folder, or in a context that is no folder to its root; `-` for standard input. Without it
   * `Dockerfile` in the context.
   */
  readonly dockerfile?: string | undefined;
  /** What `-` stands for; this process's standard input without it. */
  readonly input?: AsyncIterable<Uint8Array> | undefined;
  /** Stage name (any case) or number; the last stage without it. */
  readonly target?: string | undefined;
  readonly tags?: readonly string[] | undefined;
  /** What is built for: `linux/arm64`, several at once; this machine's own without it, and the base's where that is another. */
  readonly platforms?: readonly string[] | undefined;
  readonly buildArgs?: Readonly<Record<string, string>> | undefined;
  /**
   * Name -> folder, address of a git repository or archive, `docker-image://REFERENCE`, `oci-layout://FOLDER[:TAG][@DIGEST]` or `target:STAGE`:
   * takes the place of the stage or image of that name.
   */
  readonly buildContexts?: Readonly<Record<string, string>> | undefined;
  readonly labels?: Readonly<Record<string, string>> | undefined;
  readonly noCache?: boolean | undefined;
  /** Names of stages whose steps are all made anew. */
  readonly noCacheFilter?: readonly string[] | undefined;
  /** Caches of other machines, read when the store itself does not answer all. One that cannot be read is a warning. */
  readonly cacheFrom?: readonly CacheSpec[] | undefined;
  /** Where what the steps gave is written to, for other machines. */
  readonly cacheTo?: readonly CacheSpec[] | undefined;
  /** Ask the registry, or the archive, whether the bases that are in the store have changed. */
  readonly pull?: boolean | undefined;
  /** One layer in place of all that the build adds to its base. */
  readonly squash?: boolean | undefined;
  /** Bytes that later steps delete, replace or only give another owner or mode leave the layers that the build adds; the files stay the same. */
  readonly fold?: boolean | undefined;
  /** Steps at once; the number of processors without it. */
  readonly jobs?: number | undefined;
  readonly outputs?: readonly OutputSpec[] | undefined;
  /** What is attached to what leaves the store. */
  readonly attest?: AttestOptions | undefined;
  /** The result tells how it came to be, with or without steps and times. */
  readonly record?: "min" | "max" | undefined;
  /** For every output of images. */
  readonly annotations?: readonly Annotation[] | undefined;
  readonly baseImages?: BaseImages | undefined;
  /** Take images, files and commits from elsewhere as the lock file beside the Dockerfile has them, and nothing that it does not know. */
  readonly locked?: boolean | undefined;
  readonly debianMirror?: string | undefined;
  /** File with OpenPGP keys, binary or armoured, that the archive must be signed by. Default: SLIPWAY_DEBIAN_KEYRING, the configuration, Debian's own keys. */
  readonly debianKeyring?: string | undefined;
  /** What RUN --mount=type=secret may have, by id; read when a step needs it. */
  readonly secrets?: Readonly<Record<string, SecretSource>> | undefined;
  /** What RUN --mount=type=ssh may talk to, by id (`default`): the socket of an agent, or a list of private key files that an agent is started for. */
  readonly ssh?: Readonly<Record<string, string | readonly string[]>> | undefined;
  /** Network of RUN steps; "default" is the host's. */
  readonly network?: "default" | "host" | "none" | undefined;
  /**
   * What RUN steps may ask for: `network.host`, which `network: "host"` grants as well, and `security.insecure`. With `buildx.local.delete` an
   * output with mode=delete may remove files also outside of the working folder.
   */
  readonly allow?: readonly (Entitlement | "buildx.local.delete")[] | undefined;
  /** What every RUN step gets: lines of /etc/hosts, limits, a control group. */
  readonly exec?: Omit<ExecSettings, "hostname"> | undefined;
  readonly onEvent?: ((event: BuildEvent) => void) | undefined;
}

export interface BuildResult {
  /** Digest of the image's configuration; of several platforms that of this machine's, or else the first one's. */
  readonly imageId: Digest;
  /** One a platform, in the order asked for. */
  readonly images: readonly { readonly platform: string; readonly imageId: Digest; readonly size: number }[];
  readonly names: readonly string[];
  /** Bytes of all layers' files; of layers in `compressedLayers` those of their blobs. */
  readonly size: number;
  /** Layers that nobody has unpacked, where there are any. */
  readonly compressedLayers?: number | undefined;
  readonly facts: BuildFacts;
  readonly outputs: readonly WrittenOutput[];
  /** Where one was asked for. */
  readonly record?: BuildRecord | undefined;
}

/** How a build went, for programs. */
export interface BuildRecord {
  /** Of this build; provenance that goes with its images has it too. */
  readonly invocationId: string;
  /** One a platform, in the order asked for: a predicate of SLSA v0.2. */
  readonly provenance: readonly { readonly platform: string; readonly predicate: object }[];
}

export interface ImageSummary {
  readonly id: Digest;
  /** Familiar names (`calculator:multi`); empty for a dangling image. */
  readonly names: readonly string[];
  /** Milliseconds since the epoch. */
  readonly created: number;
  /** Bytes of the files; of layers in `compressedLayers` those of their blobs. */
  readonly size: number;
  readonly layers: number;
  /** Layers that come from their registry or cache when somebody needs their files. */
  readonly remoteLayers: number;
  /** Those of them whose files nobody has counted: what is known is the size of the compressed blob. */
  readonly compressedLayers: number;
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
  /** `missing` (the default): what the store does not have comes from where a build gets its bases; `always`: asks for what is newer. */
  readonly pull?: "missing" | "always" | "never" | undefined;
  /** Which image of a name for several platforms; this machine's without it. */
  readonly platform?: string | undefined;
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

export interface PullOptions extends CommonOptions {
  /** `debian:bookworm`, `registry.example/app@sha256:...`. */
  readonly image: string;
  /** Which image of a name for several platforms; this machine's without it. */
  readonly platform?: string | undefined;
  /** Every tag of the repository; the name then has none. */
  readonly allTags?: boolean | undefined;
  readonly onEvent?: ((event: BuildEvent) => void) | undefined;
}

/** A name that was pulled. */
export interface Pulled {
  /** The whole name: `docker.io/library/debian:bookworm`. */
  readonly name: string;
  /** What it stands for in the registry. */
  readonly digest: Digest;
  readonly imageId: Digest;
  /** False when the image was in the store already. */
  readonly isNew: boolean;
}

export interface PushOptions extends CommonOptions {
  /** Names of images in the store; they say which registry. */
  readonly images: readonly string[];
  /** Which image of names for several platforms; all of them without it. */
  readonly platform?: string | undefined;
  /** Every tag that the store has of the repositories; the names then have none. */
  readonly allTags?: boolean | undefined;
  readonly onEvent?: ((event: BuildEvent) => void) | undefined;
}

/** A name that was pushed. */
export interface Pushed {
  /** The whole name: `docker.io/team/app:1.0`. */
  readonly name: string;
  /** What it stands for in the registry now: a manifest, or an index of several platforms. */
  readonly digest: Digest;
}

export interface LogoutOptions {
  /** As names of images have it: `registry.example:5000`; Docker Hub without it. */
  readonly registry?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface LoginOptions extends LogoutOptions {
  readonly username: string;
  readonly password: string;
}

export interface SaveOptions extends CommonOptions {
  readonly images: readonly string[];
  /** Which image of a name for several platforms; all of them without it. */
  readonly platform?: string | undefined;
  readonly type: "oci" | "docker";
  readonly dest: string;
  /** False: a folder in place of a tar. */
  readonly tar?: boolean | undefined;
  readonly onEvent?: ((event: BuildEvent) => void) | undefined;
}

export interface RemoveOptions extends CommonOptions {
  /** Remove an image that is given by its id with all its names. */
  readonly force?: boolean | undefined;
  readonly onFailure?: ((error: SlipwayError) => void) | undefined;
}

/** A cache of RUN --mount=type=cache. */
export interface CacheMountSummary {
  readonly id: string;
  /** Its id in the Dockerfile, or its target. */
  readonly name: string;
  /** Bytes on the disk, as its last user left it; undefined when that is not known. */
  readonly size: number | undefined;
  /** Milliseconds since the epoch. */
  readonly created: number;
  readonly lastUsed: number;
  /** A running build has it mounted. */
  readonly inUse: boolean;
  /** The instruction that used it last. */
  readonly usedBy: string | undefined;
}

export interface PruneOptions extends CommonOptions {
  /** Also images that were not built here (bases, which a build makes again), the cache of images that stay, and layer archives. */
  readonly all?: boolean | undefined;
  /** Only what was last used before this time, in milliseconds since the epoch. */
  readonly until?: number | undefined;
  /** Only these kinds; all without it. */
  readonly kinds?: readonly PruneKind[] | undefined;
  /** Of images only those for which all of these hold. */
  readonly labels?: readonly LabelFilter[] | undefined;
  /** Bytes of the cache that stay, of what was used last. */
  readonly reservedSpace?: number | undefined;
  /** Bytes of the cache that may stay. */
  readonly maxUsedSpace?: number | undefined;
  /** Bytes that the disk is to have free. */
  readonly minFreeSpace?: number | undefined;
  /** Tells what would be removed, and removes nothing. */
  readonly dryRun?: boolean | undefined;
}

export interface PruneResult {
  readonly images: number;
  readonly snapshots: number;
  readonly cacheRecords: number;
  /** Folders of RUN --mount=type=cache. */
  readonly cacheMounts: number;
  /** File systems that failed steps left. */
  readonly failedSteps: number;
  /** Packages that bases were made from, and layers as they left the store. */
  readonly blobs: number;
  /** Bytes freed. */
  readonly freed: number;
}

export interface DiskUsageRow {
  /** `failed steps`: file systems that failed steps left, for `shell`. */
  /** `archive cache`: packages and indexes of the Debian archive. `layer archives`: layers as they left the store, made again when missing. */
  readonly type:
    | "images"
    | "build cache"
    | "failed steps"
    | "cache mounts"
    | "layer archives"
    | "archive cache"
    | "runtime"
    | "other";
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
  /** What the configuration allows. */
  readonly limit?: StorageLimit | undefined;
}
