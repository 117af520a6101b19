/** Floor 1: the lock file: what the names in a Dockerfile stand for. Data and text only; never touches the disk or a server. */
export type { FileEntry, GitEntry, ImageEntry, LockEntry, LockFile } from "./contract.ts";
export { compareLocks, type LockChange } from "./compare-locks.ts";
export { entryKey, entryName, entryValue } from "./entry.ts";
export { formatLock } from "./format-lock.ts";
export { parseLock } from "./parse-lock.ts";
