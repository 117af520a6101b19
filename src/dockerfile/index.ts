/** Dockerfile text to a typed tree with places; words and variables; .dockerignore. Pure: never touches the disk. */
export type * from "./ast.ts";
export { type CheckOptions, checkOptions, instructionOptions, isChecked } from "./check-options.ts";
export { type BaseFacts, checkDockerfile, type Finding, looksSecret } from "./checks/index.ts";
export {
  listTargets,
  type Outline,
  type OutlinedArg,
  type OutlinedSecret,
  outlineTarget,
  type Target,
} from "./describe/index.ts";
export { type ExpandOptions, expandWord, expandWords, type Lookup } from "./expand-word.ts";
export { type FileMode, type ModeChange, parseFileMode } from "./file-mode.ts";
export { formatLocation } from "./format-location.ts";
export { Glob, goMatch } from "./glob.ts";
export { type IgnoreRule, type IgnoreRules, ignoreRules, parseIgnore } from "./ignore.ts";
export { mountOption } from "./instructions/mount.ts";
export { shellScript } from "./instructions/run.ts";
export { type ParseOptions, parseDockerfile, parseTrigger } from "./parse-dockerfile.ts";
export { printDockerfile } from "./print-dockerfile.ts";
export { stages } from "./stages.ts";
