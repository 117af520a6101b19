/** Floor 4: the signed Debian archive: packages verified and resolved, base root file systems, the runtime. */
export type {
  Archive,
  ArchiveCache,
  ArchiveChoice,
  BaseName,
  BaseRooms,
  BringRuntimeOptions,
  DebianArch,
  DebianPackage,
  MadeBase,
  MakeBaseOptions,
  OpenArchiveOptions,
  OwnerPolicy,
  Release,
} from "./contract.ts";
export {
  type ArchiveImage,
  configAhead,
  currentPackages,
  kindOf,
  makeArchiveImage,
  parseArchiveName,
  runsPrograms,
} from "./archive-image.ts";
export { parseBaseName } from "./base-name.ts";
export { bringRuntime, broughtRuntime, renewRuntime } from "./bring-runtime.ts";
export {
  builtInNames,
  builtInRecipe,
  builtInSuite,
  type DistrolessChoice,
  distrolessReference,
  isBuiltInName,
} from "./distroless/built-in.ts";
export type { Contents } from "./contents/contents-index.ts";
export { openContents } from "./contents/open-contents.ts";
export { makeFromRecipe, type MadeFromRecipe } from "./distroless/make-from-recipe.ts";
export type { BaseRecipe } from "./distroless/recipe.ts";
export { currentRecipePackages } from "./distroless/recipe-packages.ts";
export { makeBase } from "./make-base.ts";
export { type BaseLock, baseLockOf, formatBaseLock, parseBaseLock } from "./own-base/base-lock.ts";
export { type BaseLockChange, compareBaseLocks } from "./own-base/compare-base-locks.ts";
export { lockedArchive, lockRecipe, type LockSource } from "./own-base/locked-archive.ts";
export { type OwnBase, readOwnBase } from "./own-base/own-base.ts";
export { baseFacts, measuredOn } from "./distroless/base-facts.ts";
export type { BaseFacts } from "./distroless/facts-of.ts";
export type { DistrolessSuite } from "./distroless/package-lists.ts";
export { runtimeText, runtimeVersions } from "./distroless/runtime-versions.ts";
