/** Floor 4: the kinds of vertices: how each is keyed and run. Sees snapshots, processes and trees; never a Dockerfile's syntax. */
export type { FileTree, GuardedStep, HeldBase, OpRooms, SecretSource, SpaceGuard } from "./contract.ts";
export { failedExec, type FailedExec } from "./failed-exec.ts";
export { findShell, type ShellProcess, shellProcess } from "./shell-process.ts";
export { withoutCredentials } from "./key-parts.ts";
export { openOpWorkers } from "./op-workers.ts";
export { opFor } from "./op-for.ts";
export { folderHere } from "./remote/folder-here.ts";
export { Answers } from "./remote/answers.ts";
export { heardCommit, heardFile } from "./remote/heard.ts";
export { treeTime } from "./remote/tree-time.ts";
export { looksLikeArchive } from "./tree/looks-like-archive.ts";
export { fileIn } from "./tree/root-path.ts";
export { processUser, withHome } from "./exec-op.ts";
