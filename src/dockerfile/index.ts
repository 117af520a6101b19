/** Dockerfile text to a typed tree with places; words and variables; .dockerignore. Pure: never touches the disk. */
export type * from "./ast.ts";
export { type ExpandOptions, expandWord, expandWords, type Lookup } from "./expand-word.ts";
export { shellScript } from "./instructions/run.ts";
export { mountOption } from "./instructions/mount.ts";
export { type ParseOptions, parseDockerfile, parseTrigger } from "./parse-dockerfile.ts";
export { stages } from "./stages.ts";
export { formatLocation } from "./format-location.ts";
export { Glob, goMatch } from "./glob.ts";
