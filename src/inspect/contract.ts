import type { Digest } from "../base/index.ts";
import type { BuildFacts } from "../store/index.ts";

/** One file that stands out in an image. */
export interface NotableFile {
  readonly path: string;
  /** Permission bits, octal digits: "4755". */
  readonly mode: string;
}

/** A package that a package database in the tree lists as installed. */
export interface InstalledPackage {
  readonly name: string;
  readonly version: string;
  readonly manager: "dpkg" | "apk" | "rpm";
}

/** What a walk over one root folder finds. Paths are absolute inside that root. */
export interface TreeInspection {
  /** Regular files (a hard-linked file counts once a name), symbolic links, folders without the root itself. */
  readonly files: number;
  readonly links: number;
  readonly folders: number;
  /** Bytes of regular files, each inode once. */
  readonly bytes: number;
  /** Sorted by name. */
  readonly packages: readonly InstalledPackage[];
  /** Real files that are shells: `sh` that links to `dash` counts once, as the file it leads to. */
  readonly shells: readonly string[];
  readonly packageManagers: readonly string[];
  readonly compilers: readonly string[];
  /** Regular files with the setuid or setgid bit. */
  readonly setuid: readonly NotableFile[];
  /** Bytes in each folder two deep (`/usr/lib`), largest first; what lies higher counts for its own folder (`/etc`, `/`). */
  readonly largest: readonly { readonly path: string; readonly size: number }[];
  /** What could not be read or told, in words: a package database of an unknown kind. */
  readonly notes: readonly string[];
}

/** What is in an image: the figures that `compare` sets side by side. */
export interface ImageInspection extends Omit<TreeInspection, "bytes"> {
  readonly name: string;
  readonly id: Digest;
  /** Bytes of all layers' files. */
  readonly size: number;
  readonly layers: number;
  /** As the configuration has it; empty means root. */
  readonly user: string;
  readonly facts?: BuildFacts | undefined;
}

/** Two images side by side. */
export interface Comparison {
  readonly a: ImageInspection;
  readonly b: ImageInspection;
  /** a.size / b.size; 0 when b has no bytes. */
  readonly ratio: number;
  /** Names, sorted. */
  readonly packagesOnlyInA: readonly string[];
  readonly packagesOnlyInB: readonly string[];
}
