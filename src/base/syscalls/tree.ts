import { closeSync } from "node:fs";
import { check, cPath, libc, type Path, systemError } from "./native.ts";

// One number on every architecture (include/uapi/asm-generic/unistd.h).
const OPEN_TREE = 428;
const MOVE_MOUNT = 429;
const FSOPEN = 430;
const FSCONFIG = 431;
const FSMOUNT = 432;
const MOUNT_SETATTR = 442;

const AT_FDCWD = -100;
const AT_EMPTY_PATH = 0x1000;
const AT_RECURSIVE = 0x8000;
const OPEN_TREE_CLONE = 1;
const O_CLOEXEC = 0x80000;
const MOVE_FROM_EMPTY_TO_EMPTY = 0x04 | 0x40;
const FSCONFIG_SET_FLAG = 0;
const FSCONFIG_SET_STRING = 1;
const FSCONFIG_CMD_CREATE = 6;

const attributes: Readonly<Record<string, number>> = { ro: 1, nosuid: 2, nodev: 4, noexec: 8, noatime: 0x10 };

/** Splits mount(8) options into MOUNT_ATTR_* bits and what the file system itself is told. */
export function sortOptions(options: readonly string[]): {
  readonly flags: number;
  readonly settings: readonly string[];
} {
  const flags = options.reduce((sum, option) => sum | (attributes[option] ?? 0), 0);
  return { flags, settings: options.filter((option) => attributes[option] === undefined && option !== "rw") };
}

/** A copy of the mount at `path` (of all below it too when recursive) that is nowhere yet; the caller closes it. */
export function cloneTree(path: Path, recursive: boolean, flags: number): number {
  const below = recursive ? AT_RECURSIVE : 0;
  const clone = libc().syscallPath(OPEN_TREE, AT_FDCWD, cPath(path), OPEN_TREE_CLONE | O_CLOEXEC | below, 0);
  const tree = check(clone, "open_tree", path);
  if (flags === 0) return tree;
  const change = new BigUint64Array([BigInt(flags), 0n, 0n, 0n]);
  const changed = libc().syscallAttributes(MOUNT_SETATTR, tree, "", AT_EMPTY_PATH | below, change, change.byteLength);
  if (changed !== -1) return tree;
  const errno = libc().errno();
  closeSync(tree);
  throw systemError(errno, "mount_setattr", String(path));
}

/** Sets flags (`ro`, `nodev`, ...) of the mount at `path`, which must be the root of one: EINVAL otherwise. */
export function setMountFlags(path: Path, flags: readonly string[]): void {
  const change = new BigUint64Array([BigInt(sortOptions(flags).flags), 0n, 0n, 0n]);
  const result = libc().syscallAttributes(MOUNT_SETATTR, AT_FDCWD, cPath(path), 0, change, change.byteLength);
  check(result, "mount_setattr", path);
}

/** Mounts what `tree` names on what `target` names. */
export function moveTree(tree: number, target: number, what: string): void {
  check(libc().syscallTwoPaths(MOVE_MOUNT, tree, "", target, "", MOVE_FROM_EMPTY_TO_EMPTY), "move_mount", what);
}

/** Starts the making of a file system (fsopen). */
export function openFs(type: string): number {
  return check(libc().syscallName(FSOPEN, type, 1), "fsopen", type);
}

/** Sets `key=value` or a flag of a file system in the making; the kernel's own words become part of the error. */
export function configure(fs: number, setting: string): void {
  const at = setting.indexOf("=");
  const [key, value] = at < 0 ? [setting, null] : [setting.slice(0, at), setting.slice(at + 1)];
  const command = value === null ? FSCONFIG_SET_FLAG : FSCONFIG_SET_STRING;
  if (libc().syscallConfig(FSCONFIG, fs, command, cPath(key), value === null ? null : cPath(value), 0) !== -1) return;
  throw fsError(fs, "fsconfig", setting);
}

/** Creates the file system and gives its mount. */
export function finishFs(fs: number, flags: number): number {
  if (libc().syscallConfig(FSCONFIG, fs, FSCONFIG_CMD_CREATE, null, null, 0) === -1)
    throw fsError(fs, "fsconfig", "create");
  const tree = libc().syscallNumbers(FSMOUNT, fs, 1, flags);
  if (tree === -1) throw fsError(fs, "fsmount", "");
  return tree;
}

function fsError(fs: number, syscall: string, what: string): Error {
  const errno = libc().errno();
  const words = Buffer.alloc(1024);
  const said: string[] = [];
  for (let length = libc().read(fs, words, 1024); length > 0; length = libc().read(fs, words, 1024)) {
    said.push(
      words
        .toString("utf8", 0, length)
        .replace(/^[a-z] /, "")
        .trim(),
    );
  }
  return systemError(errno, syscall, [what, ...said].filter(Boolean).join(": "));
}
