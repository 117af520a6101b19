import { closeSync, constants, openSync } from "node:fs";
import { check, cPath, libc, type Path } from "./native.ts";

const AT_FDCWD = -100;
const AT_SYMLINK_NOFOLLOW = 0x100;
/** glibc has mknod(3) as a function only since 2.33, so the call goes by number. */
const mknodat: Readonly<Record<string, number>> = { x64: 259, arm64: 33 };

/**
 * Makes a device node, fifo, socket or regular file.
 * @param mode type and permission bits (`fs.constants.S_IFCHR | 0o600`); the umask is taken off the latter.
 */
export function makeNode(path: Path, mode: number, major: number, minor: number): void {
  const number = mknodat[process.arch];
  if (number === undefined) throw new Error(`mknod is not known on ${process.arch}`);
  // the kernel's encoding of a device number in 32 bits (include/linux/kdev_t.h, new_encode_dev)
  const device = ((minor & 0xff) | ((major & 0xfff) << 8) | ((minor & ~0xff) << 12)) >>> 0;
  check(libc().syscallPath(number, AT_FDCWD, cPath(path), mode, device), "mknod", path);
}

/** O_CLOEXEC of x64 and arm64; node:fs does not name it. */
const closeOnExec = 0o2000000;

/** Makes a pipe; its ends go to no child process unless they are given to it. */
export function makePipe(): { readonly read: number; readonly write: number } {
  const ends = new Int32Array(2);
  check(libc().pipe2(ends, closeOnExec), "pipe2", "output");
  return { read: ends[0] as number, write: ends[1] as number };
}

const times = new BigInt64Array(4);
const billion = 1_000_000_000n;

/** Sets access and modification time, in nanoseconds since the epoch, of the file itself, never of what a link points to. */
export function setTimes(path: Path, atimeNs: bigint, mtimeNs: bigint): void {
  const nanos = (time: bigint): bigint => ((time % billion) + billion) % billion;
  times[1] = nanos(atimeNs);
  times[0] = (atimeNs - times[1]) / billion;
  times[3] = nanos(mtimeNs);
  times[2] = (mtimeNs - times[3]) / billion;
  check(libc().utimensat(AT_FDCWD, cPath(path), times, AT_SYMLINK_NOFOLLOW), "utimensat", path);
}

/** Writes everything of the file system that holds `path` to disk and waits for it. */
export function syncFs(path: string): void {
  const fd = openSync(path, constants.O_RDONLY);
  try {
    check(libc().syncfs(fd), "syncfs", path);
  } finally {
    closeSync(fd);
  }
}
