/** The few system calls that Node lacks: a second door of base, so that what needs none of them never loads the FFI. All synchronous. */
export type { Path } from "./syscalls/native.ts";
export { mountAll, openBelow, makePrivate, unmount, unshareMounts } from "./syscalls/mount.ts";
export { setMountFlags } from "./syscalls/tree.ts";
export { getXattr, listXattrs, removeXattr, setXattr } from "./syscalls/xattr.ts";
export { makeNode, makePipe, setTimes, syncFs } from "./syscalls/files.ts";
export { type SpawnedProcess, spawnProcess } from "./syscalls/spawn.ts";
