import type { Ctx, Digest } from "../base/index.ts";
import type { ContainerConfig, History } from "../oci/index.ts";
import type { Executor } from "../sandbox/index.ts";
import type { Snapshotter } from "../snapshot/index.ts";
import type { ContentStore, SnapshotRecord } from "../store/index.ts";

/** Debian's names of the architectures that slipway knows. */
export type DebianArch = "amd64" | "arm64" | "armhf" | "armel" | "i386" | "ppc64el" | "riscv64" | "s390x";

/** Where an archive keeps what it fetched. */
export interface ArchiveCache {
  /** Own folder for verified releases and parsed indexes; made when missing. */
  readonly folder: string;
  /** Where `.deb` files are kept, by their sha256. */
  readonly blobs: ContentStore;
}

/** Which archive to read; every field has a default. */
export interface ArchiveChoice {
  /** Base address of the archive: `http://ftp.debian.org/debian`. Default: see chooseMirrors. */
  readonly mirror?: string | undefined;
  /** Base address of the security archive. */
  readonly securityMirror?: string | undefined;
  /** OpenPGP keys (binary or armoured) to trust instead of the shipped ones. */
  readonly keyring?: string | undefined;
  /** Never use the network: only indexes and packages already in the cache. */
  readonly offline?: boolean | undefined;
  /** An older state of the archive, and one that has expired, is as good: whoever asks knows which packages must come of it. */
  readonly anyAge?: boolean | undefined;
  /** A release that was checked less than this many milliseconds ago is not asked for again. Default: five minutes. */
  readonly maxAge?: number | undefined;
}

export interface OpenArchiveOptions extends ArchiveChoice {
  /** `bookworm`, `trixie`, `sid`, `stable`, ... */
  readonly suite: string;
  readonly arch: DebianArch;
  readonly cache: ArchiveCache;
  readonly ctx: Ctx;
  /** Id of the step that `step-progress` events belong to; without it there are none. */
  readonly step?: string | undefined;
}

/** One binary package of the archive (Debian policy, 5.3 and the repository format). */
export interface DebianPackage {
  readonly name: string;
  readonly version: string;
  /** The architecture asked for, or `all`. */
  readonly architecture: string;
  readonly source: string;
  readonly essential: boolean;
  readonly priority: string;
  /** Relationship fields as written. */
  readonly preDepends: string;
  readonly depends: string;
  readonly provides: string;
  readonly conflicts: string;
  readonly breaks: string;
  readonly multiArch: string;
  /** Kilobytes, as the package says. */
  readonly installedSize: number;
  /** Path below the archive's address. */
  readonly filename: string;
  /** Bytes of the `.deb`. */
  readonly size: number;
  /** Hex. */
  readonly sha256: string;
  /** Address of the archive that has it. */
  readonly mirror: string;
  /** The suite whose index names it: `bookworm-security`. */
  readonly suite: string;
}

/** One signed Release of the archive. */
export interface Release {
  readonly suite: string;
  readonly codename: string;
  /** `12.15`; undefined for suites without one (sid). */
  readonly version: string | undefined;
  /** Milliseconds since the epoch. */
  readonly date: number;
  readonly validUntil: number | undefined;
  readonly mirror: string;
  /** Of its InRelease, or Release; undefined for one that was checked by an older slipway and not fetched since. */
  readonly inRelease: Digest | undefined;
  /** `Release` where an archive has no InRelease, and the signature in a file beside it. */
  readonly file?: "InRelease" | "Release" | undefined;
  /** Fingerprint of the key that signed it, upper-case hex; undefined as before. */
  readonly key: string | undefined;
  /** The package index that it names; the path is below the suite's folder. */
  readonly index: { readonly path: string; readonly size: number; readonly sha256: string };
}

/** A verified archive, opened for one suite and architecture. */
export interface Archive {
  readonly suite: string;
  readonly codename: string;
  readonly arch: DebianArch;
  readonly mirror: string;
  /** Undefined when the suite has no security archive. */
  readonly securityMirror: string | undefined;
  /** The suite itself, then updates and security where there are. */
  readonly releases: readonly Release[];
  /** Newest Date of the releases, milliseconds since the epoch: the time of everything made from it. */
  readonly date: number;
  /** True when the network could not be asked and the cache answered. */
  readonly fromCache: boolean;
  /** `archive http://... bookworm 12.15 2026-07-11`: for histories and reports. */
  readonly origin: string;
  /** Every version that the suites have, highest first. */
  versions(name: string): readonly DebianPackage[];
  /** Of every package, each once. */
  names(): Iterable<string>;
  /** Packages that match, highest version of each name. */
  select(wanted: (entry: DebianPackage) => boolean): readonly DebianPackage[];
  /**
   * The names with all that they need, without recommendations; sorted by name.
   * @throws SLIP_PACKAGE for an unknown name or a dependency that nothing satisfies.
   */
  resolve(names: readonly string[]): readonly DebianPackage[];
  /**
   * Brings the packages' `.deb` files into the store, checked by size and sha256.
   * @returns the blob file of each, in the order asked for.
   */
  fetch(packages: readonly DebianPackage[]): Promise<readonly string[]>;
}

/** A name of a base image that the archive can make. */
export interface BaseName {
  /** The archive's suite. */
  readonly suite: string;
  readonly slim: boolean;
  /** The image's apt sources name the release that the suite stands for now (`debian:latest`). */
  readonly pinned: boolean;
}

/** How files' owners are set: `keep`, or `squash` where only one id can be set (a user namespace with one id). */
export type OwnerPolicy = "keep" | "squash";

export interface MakeBaseOptions extends ArchiveChoice, BaseName {
  readonly arch: DebianArch;
  readonly owner: OwnerPolicy;
  /** Names the step of progress and output events. */
  readonly step?: string | undefined;
}

/** What makeBase stands on. */
export interface BaseRooms {
  readonly cache: ArchiveCache;
  readonly snapshotter: Snapshotter;
  readonly executor: Executor;
  readonly ctx: Ctx;
}

/** A base image, but for its layer digests. */
export interface MadeBase {
  readonly snapshot: SnapshotRecord;
  readonly created: string;
  readonly architecture: DebianArch;
  readonly config: ContainerConfig;
  readonly history: readonly History[];
  /** Where it came from, for progress and reports. */
  readonly origin: string;
  readonly packages: readonly DebianPackage[];
}

export interface BringRuntimeOptions extends ArchiveChoice {
  readonly arch: DebianArch;
  /** The folder that will hold the tree, below which each version gets its own. */
  readonly into: string;
  readonly cache: ArchiveCache;
  readonly ctx: Ctx;
  readonly step?: string | undefined;
}
