import type { DebianArch } from "../contract.ts";

/**
 * What a base without a package manager is made of: plain data, whether it is built in or was read from somebody's file. makeFromRecipe
 * makes the image. Paths are absolute in the image; what a recipe writes replaces what packages ship.
 */
export interface BaseRecipe {
  /** For history and progress: `python3-debian13`. */
  readonly name: string;
  /** The archive's suite: `trixie`. */
  readonly suite: string;
  readonly arch: DebianArch;
  /** Exactly these are unpacked, and listed for scanners; with `resolve` also all that they need. */
  readonly packages: readonly string[];
  readonly resolve?: boolean | undefined;
  /** Single files and folders of packages that are not part of the image themselves. */
  readonly taken?: readonly TakenFiles[] | undefined;
  /** In order: a parent goes before what is in it. */
  readonly folders?: readonly RecipeFolder[] | undefined;
  readonly files?: readonly RecipeFile[] | undefined;
  readonly links?: readonly RecipeLink[] | undefined;
  /** All of /etc/passwd, in order; without any the file is not written. */
  readonly users?: readonly RecipeUser[] | undefined;
  /** All of /etc/group, in order; without any the file is not written. */
  readonly groups?: readonly RecipeGroup[] | undefined;
  /** Certificate authorities; without it there is neither bundle nor keystore. */
  readonly certificates?: RecipeCertificates | undefined;
  /** Names for a static busybox in /busybox. */
  readonly busybox?: boolean | undefined;
  /** Write /etc/ld.so.cache. */
  readonly libraryCache?: boolean | undefined;
  /** Leave out what is there to be read by people: changelogs, manuals, hints for reports of bugs. Licences stay. */
  readonly noDocuments?: boolean | undefined;
  /** Leave out what programs do not need: documents, gconv, zoneinfo/right, ct.sym. */
  readonly slim?: boolean | undefined;
  readonly config: RecipeConfig;
}

/** Files of a package that is otherwise left out: the locale of libc-bin. */
export interface TakenFiles {
  readonly package: string;
  /** Paths in the package, folders with all that is in them. */
  readonly paths: readonly string[];
}

export interface RecipeFolder {
  readonly path: string;
  /** Permission bits: 0o700. */
  readonly mode: number;
  readonly uid?: number | undefined;
  readonly gid?: number | undefined;
}

export interface RecipeFile {
  readonly path: string;
  readonly content: string | Uint8Array;
  /** Default 0o644. */
  readonly mode?: number | undefined;
  readonly uid?: number | undefined;
  readonly gid?: number | undefined;
}

export interface RecipeLink {
  readonly path: string;
  readonly target: string;
}

export interface RecipeUser {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly comment?: string | undefined;
  readonly home: string;
  /** Default /sbin/nologin. */
  readonly shell?: string | undefined;
}

export interface RecipeGroup {
  readonly name: string;
  readonly gid: number;
  readonly members?: readonly string[] | undefined;
}

export interface RecipeCertificates {
  /** Those of the package ca-certificates. */
  readonly debian: boolean;
  /** More, each one PEM certificate or several. */
  readonly own?: readonly string[] | undefined;
  /** Also as a Java keystore. */
  readonly keystore?: boolean | undefined;
}

/** The configuration of the image (image-spec, config.md). */
export interface RecipeConfig {
  /** In the order of the image's Env; PATH too. */
  readonly env: Readonly<Record<string, string>>;
  readonly entrypoint?: readonly string[] | undefined;
  readonly cmd?: readonly string[] | undefined;
  readonly user?: string | undefined;
  readonly workdir?: string | undefined;
  readonly labels?: Readonly<Record<string, string>> | undefined;
}

/** Packages that a recipe reads without having them in the image. */
export function materialPackages(recipe: BaseRecipe): readonly string[] {
  const names = (recipe.taken ?? []).map((taken) => taken.package);
  if (recipe.certificates?.debian) names.push("ca-certificates");
  if (recipe.busybox) names.push("busybox-static");
  return [...new Set(names)].filter((name) => !recipe.packages.includes(name)).sort();
}
