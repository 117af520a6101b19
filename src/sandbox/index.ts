/** Floor 2: runs one process over mounts in an OCI runtime; enters the namespaces that mounting needs. */
export type * from "./contract.ts";
export { foreignProgram } from "./foreign-program.ts";
export { openExecutor } from "./executor.ts";
export { findRuntime } from "./runtime.ts";
export { runtimeFromTree } from "./runtime-tree.ts";
export { enterNamespace } from "./namespace.ts";
export { namespaceCommand, refusal } from "./namespace-command.ts";
export { type IdRange, idRanges } from "./check-user.ts";
