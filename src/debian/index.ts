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
export type { Contents } from "./contents/contents-index.ts";
export { openContents } from "./contents/open-contents.ts";
export { builtInSuite, type DistrolessChoice, distrolessReference } from "./distroless/built-in.ts";
export { makeBase } from "./make-base.ts";
