import { chmodSync, fchmodSync, fchownSync, futimesSync, lchownSync, lutimesSync } from "node:fs";
import { fsPath, ownerError, toText } from "../base/index.ts";
import { setTimes, setXattr } from "../base/syscalls.ts";
import type { Owner, TarHeader } from "./contract.ts";
import { travels } from "./tar-format.ts";

/** What is set on a file once it is there. */
export type Attributes = Pick<TarHeader, "mode" | "uid" | "gid" | "mtimeNs" | "xattrs">;

const billion = 1_000_000_000n;
/** Times that ext4 and XFS can hold. */
const firstTime = -(2n ** 31n) * billion;
const lastTime = (2n ** 34n - 1n) * billion;

/**
 * Owner, mode, attributes and time, in the order in which none undoes another: chown takes setuid and capabilities away, writing changes times.
 * @param fd of the file where it is open; faster, and only for regular files.
 */
export function setAttributes(path: string, of: Attributes, owner: Owner, type: TarHeader["type"], fd?: number): void {
  const who = owner === "keep" ? of : owner === "squash" ? undefined : owner;
  if (who) {
    try {
      if (fd === undefined) lchownSync(fsPath(path), who.uid, who.gid);
      else fchownSync(fd, who.uid, who.gid);
    } catch (error) {
      throw ownerError(toText(path), who, error);
    }
  }
  if (type !== "symlink") {
    if (fd === undefined) chmodSync(fsPath(path), of.mode);
    else fchmodSync(fd, of.mode);
  }
  for (const [name, value] of of.xattrs) if (travels(name)) setAttribute(path, name, value);
  const time = of.mtimeNs < firstTime ? firstTime : of.mtimeNs > lastTime ? lastTime : of.mtimeNs;
  // Node takes seconds in floating point, which is exact for whole seconds alone
  if (time < 0n || time % billion !== 0n) setTimes(fsPath(path), time, time);
  else if (fd === undefined) lutimesSync(fsPath(path), Number(time / billion), Number(time / billion));
  else futimesSync(fd, Number(time / billion), Number(time / billion));
}

/** A file system or user namespace that cannot hold an attribute goes without it, as with Docker; what a layer needs to work is no attribute. */
function setAttribute(path: string, name: string, value: string): void {
  try {
    setXattr(fsPath(path), Buffer.from(name, "latin1").toString("utf8"), Buffer.from(value, "latin1"));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "ENOTSUP" && code !== "EOPNOTSUPP" && code !== "EPERM") throw error;
  }
}
