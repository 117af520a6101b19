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
export { builtInSuite, distrolessReference } from "./distroless/built-in.ts";
export { makeBase } from "./make-base.ts";
