/** Floor 4: the kinds of vertices: how each is keyed and run. Sees snapshots, processes and trees; never a Dockerfile's syntax. */
export type { FileTree, OpRooms, SecretSource } from "./contract.ts";
export { openOpWorkers } from "./op-workers.ts";
export { opFor } from "./op-for.ts";
export { processUser, withHome } from "./exec-op.ts";
