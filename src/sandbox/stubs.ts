import { type BigIntStats, lstatSync, mkdirSync, readlinkSync, rmdirSync, unlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { SlipwayError } from "../base/index.ts";
import { setTimes } from "../base/syscalls.ts";

/** A place that something is mounted on. */
export interface MountPoint {
  /** Absolute path inside the root. */
  readonly target: string;
  readonly kind: "folder" | "file";
}

interface Made {
  readonly path: string;
  readonly kind: "folder" | "file";
  readonly identity: string;
}

interface Parent {
  readonly path: string;
  readonly identity: string;
  /** Times before anything was made in it, and the modification time just after. */
  readonly atime: bigint;
  readonly mtime: bigint;
  readonly touched: bigint;
}

/**
 * Makes the mount points that a root lacks, and takes them away when disposed of: what is still empty and still the same goes,
 * and a folder that was not changed by anybody else gets its time back, so that no layer shows that something was mounted.
 * The process may have put links in the way meanwhile: nothing is touched that is not the very file or folder of before.
 */
export function makeStubs(root: string, points: readonly MountPoint[]): Disposable {
  const made: Made[] = [];
  const parents: Parent[] = [];
  const make = (path: string, kind: "folder" | "file"): void => {
    const parent = lstatSync(dirname(path), { bigint: true });
    if (!parent.isDirectory()) {
      const message = `Cannot mount on ${path.slice(root.length)} of the image: ${dirname(path).slice(root.length)} is no folder`;
      throw new SlipwayError({ code: "SLIP_SANDBOX", message });
    }
    if (kind === "folder") mkdirSync(path, { mode: 0o755 });
    else writeFileSync(path, "", { flag: "wx", mode: 0o644 });
    made.push({ path, kind, identity: identityOf(lstatSync(path, { bigint: true })) });
    const now = lstatSync(dirname(path), { bigint: true });
    const { atimeNs: atime, mtimeNs: mtime } = parent;
    parents.push({ path: dirname(path), identity: identityOf(now), atime, mtime, touched: now.mtimeNs });
  };
  const clean = (): void => {
    for (let at = made.length - 1; at >= 0; at--) remove(made[at] as Made, parents[at] as Parent);
  };
  try {
    for (const { target, kind } of points) {
      const { found, missing } = resolveBelow(root, target);
      let path = found;
      missing.forEach((name, at) => {
        path = join(path, name);
        make(path, at === missing.length - 1 ? kind : "folder");
      });
    }
  } catch (error) {
    clean();
    throw error;
  }
  return { [Symbol.dispose]: clean };
}

function remove({ path, kind, identity }: Made, parent: Parent): void {
  const before = status(parent.path);
  if (!before || identityOf(before) !== parent.identity) return;
  const now = status(path);
  if (!now || identityOf(now) !== identity) return;
  try {
    if (kind === "folder" && now.isDirectory()) rmdirSync(path);
    else if (kind === "file" && now.isFile() && now.size === 0n) unlinkSync(path);
    else return;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOTEMPTY") return;
    throw error;
  }
  const untouched = before.mtimeNs === parent.touched;
  setTimes(parent.path, parent.atime, untouched ? parent.mtime : before.mtimeNs);
}

/** Undefined also when what should be a folder on the way is none. */
function status(path: string): BigIntStats | undefined {
  try {
    return lstatSync(path, { bigint: true, throwIfNoEntry: false });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOTDIR") return undefined;
    throw error;
  }
}

function identityOf({ dev, ino }: BigIntStats): string {
  return `${dev}:${ino}`;
}

const mostLinks = 40;

/**
 * Finds a path as a process whose root is `root` would: links never lead outside.
 * @returns the deepest folder or file that exists, as a path of the host, and the names below it that do not.
 */
export function resolveBelow(
  root: string,
  path: string,
): { readonly found: string; readonly missing: readonly string[] } {
  const names = path.split("/").reverse();
  let at: string[] = [];
  for (let links = 0; names.length > 0;) {
    const name = names.pop() as string;
    if (name === "" || name === ".") continue;
    if (name === "..") {
      at.pop();
      continue;
    }
    const host = join(root, ...at, name);
    const entry = status(host);
    if (!entry) return { found: join(root, ...at), missing: rest([name, ...names.reverse()]) };
    if (!entry.isSymbolicLink()) {
      at.push(name);
      continue;
    }
    if (++links > mostLinks) {
      const message = `Cannot find ${path} in a root: too many symbolic links`;
      throw new SlipwayError({ code: "SLIP_SANDBOX", message, hint: "links of the image form a loop" });
    }
    const link = readlinkSync(host);
    if (link.startsWith("/")) at = [];
    names.push(...link.split("/").reverse());
  }
  return { found: join(root, ...at), missing: [] };
}

/** Names below a folder that does not exist yet: ".." takes the one before it back. */
function rest(names: readonly string[]): string[] {
  const kept: string[] = [];
  for (const name of names) {
    if (name === "..") kept.pop();
    else if (name !== "" && name !== ".") kept.push(name);
  }
  return kept;
}
