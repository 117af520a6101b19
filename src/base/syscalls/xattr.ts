import { check, cPath, libc, type Path, systemError } from "./native.ts";

/** XATTR_SIZE_MAX and XATTR_LIST_MAX of Linux: no attribute and no list is larger. */
const largest = 65_536;
const ENODATA = 61;
const ENOTSUP = 95;
let scratch: Buffer | undefined;

/** Names of the extended attributes of a file itself, never of what a link points to; none on a file system without them. */
export function listXattrs(path: Path): string[] {
  const buffer = (scratch ??= Buffer.allocUnsafeSlow(largest));
  const length = libc().llistxattr(cPath(path), buffer, largest);
  if (length === 0) return [];
  if (length < 0) {
    const errno = libc().errno();
    if (errno === ENOTSUP) return [];
    throw systemError(errno, "llistxattr", String(path));
  }
  return buffer.toString("utf8", 0, length - 1).split("\0");
}

/** The value of an attribute of the file itself; undefined when it has none by that name. */
export function getXattr(path: Path, name: string): Uint8Array | undefined {
  const buffer = (scratch ??= Buffer.allocUnsafeSlow(largest));
  const length = libc().lgetxattr(cPath(path), cPath(name), buffer, largest);
  if (length >= 0) return Uint8Array.prototype.slice.call(buffer, 0, length);
  const errno = libc().errno();
  if (errno === ENODATA || errno === ENOTSUP) return undefined;
  throw systemError(errno, "lgetxattr", `${String(path)} ${name}`);
}

/** Sets an attribute of the file itself, creating or replacing it. */
export function setXattr(path: Path, name: string, value: Uint8Array): void {
  check(libc().lsetxattr(cPath(path), cPath(name), value, value.length, 0), "lsetxattr", `${String(path)} ${name}`);
}

/** Removes an attribute of the file itself; ENODATA when it has none by that name. */
export function removeXattr(path: Path, name: string): void {
  check(libc().lremovexattr(cPath(path), cPath(name)), "lremovexattr", `${String(path)} ${name}`);
}
