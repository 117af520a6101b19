import type { SourceLocation } from "../../base/index.ts";
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
  /** `NAME` or `NAME=VERSION`: these are unpacked, and listed for scanners. */
  readonly packages: readonly string[];
  /** Some of them whose dependencies are unpacked too. */
  readonly resolve?: readonly string[] | undefined;
  /** Packages that are left out again. */
  readonly without?: readonly string[] | undefined;
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
  /** Only these time zones stay. */
  readonly timezones?: readonly string[] | undefined;
  /** At most so many layers, grouped by source package; folders have no time of their own then. Without it the image has one. */
  readonly layers?: number | undefined;
  readonly config: RecipeConfig;
  /** Where it says what, for errors: `curl` and `curl=8.14.1-2`, `without curl`, `zone Europe/Berlin`, `locale de_DE.UTF-8`, `path /etc/app.conf`. */
  readonly places?: Readonly<Record<string, SourceLocation>> | undefined;
}

/** Files of a package that is otherwise left out: the locale of libc-bin. */
export interface TakenFiles {
  readonly package: string;
  /** Paths in the package, folders with all that is in them. */
  readonly paths: readonly string[];
  /** Links in them become the files that they lead to, of which not all are taken. */
  readonly linksInside?: boolean | undefined;
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

/** Names of packages that a recipe reads without having them in the image. */
export function materialPackages(recipe: BaseRecipe): readonly string[] {
  const names = (recipe.taken ?? []).map((taken) => taken.package);
  if (recipe.certificates?.debian) names.push("ca-certificates");
  if (recipe.busybox) names.push("busybox-static");
  const own = new Set(recipe.packages.map((text) => text.replace(/=.*/, "")));
  return [...new Set(names)].filter((name) => !own.has(name)).sort();
}

/** What is read of such a package, and its licence. */
export function materialPaths(recipe: BaseRecipe, name: string): readonly string[] {
  return [
    ...(recipe.taken ?? []).flatMap((taken) => (taken.package === name ? taken.paths : [])),
    ...(name === "ca-certificates" ? ["/usr/share/ca-certificates"] : []),
    ...(name === "busybox-static" ? ["/usr/bin/busybox", "/bin/busybox"] : []),
    `/usr/share/doc/${name}/copyright`,
  ];
}

/** What a recipe asks an archive for, a line each: of two recipes with the same lines the same packages come. */
export function wantsOf(recipe: BaseRecipe): readonly string[] {
  return [
    ...[...new Set(recipe.packages)].sort(),
    ...[...(recipe.resolve ?? [])].sort().map((name) => `dependencies of ${name}`),
    ...[...(recipe.without ?? [])].sort().map((name) => `without ${name}`),
    ...materialPackages(recipe).map((name) => `files of ${name}`),
  ];
}
