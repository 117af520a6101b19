import { closeSync, constants, openSync } from "node:fs";
import type { Mount } from "../mount.ts";
import { check, cPath, libc, type Path } from "./native.ts";
import { mountOverlay } from "./overlay.ts";
import { cloneTree, configure, finishFs, moveTree, openFs, sortOptions } from "./tree.ts";

const CLONE_NEWNS = 0x20000;
const MS_REC = 0x4000;
const MS_PRIVATE = 1 << 18;
const MNT_DETACH = 2;
const UMOUNT_NOFOLLOW = 8;

const OPENAT2 = 437;
const O_CLOEXEC = 0x80000;
const O_PATH = 0x200000;
const RESOLVE_IN_ROOT = 0x10;
const RESOLVE_NO_MAGICLINKS = 0x02;

/**
 * Gives this process a mount namespace of its own in which no mount reaches the outside or comes from it.
 * Only the calling thread and what it starts later are inside: call it before anything that uses Node's thread pool.
 */
export function unshareMounts(): void {
  check(libc().unshare(CLONE_NEWNS), "unshare", "CLONE_NEWNS");
  makePrivate("/");
}

/** Cuts a mount and all below it off from the mounts and unmounts of other namespaces. */
export function makePrivate(path: string): void {
  check(libc().mount("none", cPath(path), "none", MS_REC | MS_PRIVATE, null), "mount", `${path} rprivate`);
}

/**
 * Mounts each in turn at its target below `root`; targets must exist. Links in a target are followed as a process whose root
 * is `root` would follow them, so that no link of an image leads outside. When one fails those before it stay: unmount the root.
 */
export function mountAll(mounts: readonly Mount[], root: string): void {
  for (const mount of mounts) {
    const tree = makeTree(mount);
    try {
      const target = mount.target === "/" ? openSync(root, O_PATH) : openBelow(root, mount.target);
      try {
        moveTree(tree, target, `${mount.type} on ${root}${mount.target === "/" ? "" : mount.target}`);
      } finally {
        closeSync(target);
      }
    } finally {
      closeSync(tree);
    }
  }
}

/** Takes the topmost mount at `path` away; `detach` also when it is busy, with all that is mounted below it. */
export function unmount(path: string, options?: { readonly detach?: boolean }): void {
  const flags = UMOUNT_NOFOLLOW | (options?.detach ? MNT_DETACH : 0);
  check(libc().umount2(cPath(path), flags), "umount", path);
}

/**
 * Opens a path as a process whose root is `root` would find it (openat2 with RESOLVE_IN_ROOT).
 * @returns a descriptor that names the file without opening it (O_PATH); the caller closes it.
 */
export function openBelow(root: string, path: Path): number {
  const folder = openSync(root, O_PATH | constants.O_DIRECTORY);
  try {
    const how = new BigUint64Array([BigInt(O_PATH | O_CLOEXEC), 0n, BigInt(RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS)]);
    const fd = libc().syscallPathBytes(OPENAT2, folder, cPath(path), how, how.byteLength);
    return check(fd, "openat2", `${String(path)} in ${root}`);
  } finally {
    closeSync(folder);
  }
}

/** A mount that is nowhere yet, as a descriptor. */
function makeTree(mount: Mount): number {
  const { flags, settings } = sortOptions(mount.options);
  if (mount.type === "bind") return cloneTree(mount.source, settings.includes("rbind"), flags);
  if (mount.type === "overlay") return mountOverlay(settings, flags);
  const fs = openFs(mount.type);
  try {
    for (const setting of settings) configure(fs, setting);
    return finishFs(fs, flags);
  } finally {
    closeSync(fs);
  }
}
