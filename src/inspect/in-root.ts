import { closeSync, constants, fstatSync, lstatSync, openSync, readdirSync, readlinkSync, readSync } from "node:fs";
import type { Stats } from "node:fs";

const MAX_LINKS = 40;
/** No link, and no waiting for what is no file. */
const plainly = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** A file of the root, open until it is closed. */
export interface OpenFile {
  readonly path: string;
  readonly stats: Stats;
  /** Fewer bytes than asked for at the end of the file. */
  readonly read: (offset: number, length: number) => Buffer;
  readonly close: () => void;
}

/**
 * A root folder with hostile content, looked at without ever leaving it: no link is followed by the kernel, links are
 * resolved here with the folder as "/". Paths inside are absolute and hold one character a byte (latin1), because names
 * in an image need not be UTF-8; `show` gives the text for people.
 */
export class InRoot {
  readonly #root: string;

  constructor(folder: string) {
    this.#root = Buffer.from(folder.replace(/\/+$/, ""), "utf8").toString("latin1");
  }

  /** The bytes of the path outside the root. Only for paths without links in them: of `walk` or `resolve`. */
  outside(path: string): Buffer {
    return Buffer.from(this.#root + path, "latin1");
  }

  show(path: string): string {
    return Buffer.from(path, "latin1").toString("utf8");
  }

  /** What lies at a path without links in its folders; undefined for what cannot be read. */
  lstat(path: string): Stats | undefined {
    try {
      return lstatSync(this.outside(path), { throwIfNoEntry: false });
    } catch {
      return undefined;
    }
  }

  /** Device and inode as text: one for all names of a hard-linked file. Exact, where overlayfs uses the high bits. */
  identity(path: string): string {
    const stats = lstatSync(this.outside(path), { bigint: true });
    return `${stats.dev}:${stats.ino}`;
  }

  /** Names in a folder; undefined for what cannot be read. */
  list(path: string): readonly string[] | undefined {
    try {
      return readdirSync(this.outside(path), { encoding: "latin1" });
    } catch {
      return undefined;
    }
  }

  /** What lies in a folder with its kind, by name; undefined for what cannot be read. */
  entries(
    path: string,
  ): readonly { readonly name: string; readonly kind: "folder" | "link" | "file" | "other" }[] | undefined {
    try {
      return readdirSync(this.outside(path), { encoding: "latin1", withFileTypes: true }).map((entry) => ({
        name: entry.name,
        kind: entry.isDirectory() ? "folder" : entry.isSymbolicLink() ? "link" : entry.isFile() ? "file" : "other",
      }));
    } catch {
      return undefined;
    }
  }

  /** The first bytes of a regular file at a path without links, into the buffer; how many there are, 0 for what cannot be read. */
  peek(path: string, into: Buffer): number {
    let file: number;
    try {
      file = openSync(this.outside(path), plainly);
    } catch {
      return 0;
    }
    try {
      return readSync(file, into, 0, into.length, 0);
    } catch {
      return 0;
    } finally {
      closeSync(file);
    }
  }

  /** Where a path leads once every link is resolved with the root as "/"; undefined when it leads nowhere. */
  resolve(path: string): { readonly path: string; readonly stats: Stats } | undefined {
    const waiting = path.split("/").reverse();
    const done: string[] = [];
    let stats = this.lstat("");
    for (let links = 0; waiting.length > 0;) {
      const part = waiting.pop();
      if (part === undefined || part === "" || part === ".") continue;
      if (part === "..") {
        done.pop();
        continue;
      }
      const here = `/${[...done, part].join("/")}`;
      const found = this.lstat(here);
      if (!found) return undefined;
      if (!found.isSymbolicLink()) {
        done.push(part);
        stats = found;
        continue;
      }
      if (++links > MAX_LINKS) return undefined;
      const target = readlinkSync(this.outside(here), { encoding: "latin1" });
      if (target.startsWith("/")) done.length = 0;
      waiting.push(...target.split("/").reverse());
    }
    const at = `/${done.join("/")}`;
    stats = this.lstat(at === "/" ? "" : at);
    return stats && { path: at, stats };
  }

  /** Where a symbolic link says that it leads; undefined for what is none. */
  linkTarget(path: string): string | undefined {
    try {
      return readlinkSync(this.outside(path), { encoding: "latin1" });
    } catch {
      return undefined;
    }
  }

  /** Opens a regular file, links resolved inside the root; undefined for anything else. `path` is where it was found. */
  openFile(path: string): OpenFile | undefined {
    const found = this.resolve(path);
    return found?.stats.isFile() ? this.openPlain(found.path) : undefined;
  }

  /** Opens a regular file at a path without links, as `walk` and `resolve` give them; undefined for anything else. */
  openPlain(path: string): OpenFile | undefined {
    let file: number;
    try {
      file = openSync(this.outside(path), plainly);
    } catch {
      return undefined;
    }
    const stats = fstatSync(file);
    if (!stats.isFile()) {
      closeSync(file);
      return undefined;
    }
    return {
      path,
      stats,
      read: (offset, length) => {
        const wanted = Math.max(0, Math.min(length, stats.size - offset));
        const bytes = Buffer.alloc(wanted);
        let count = 0;
        for (let more = 1; more > 0 && count < wanted; count += more) {
          more = readSync(file, bytes, count, wanted - count, offset + count);
        }
        return bytes.subarray(0, count);
      },
      close: () => closeSync(file),
    };
  }

  /** The bytes of a regular file, links resolved inside the root; "too large" past the limit. */
  read(path: string, limit: number): Buffer | "too large" | undefined {
    const file = this.openFile(path);
    if (!file) return undefined;
    try {
      return file.stats.size > limit ? "too large" : file.read(0, file.stats.size);
    } finally {
      file.close();
    }
  }
}
