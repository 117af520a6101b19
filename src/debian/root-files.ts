import {
  chmodSync,
  lchownSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, resolve } from "node:path";
import { SlipwayError } from "../base/index.ts";

/**
 * Writes and removes files of a root folder by their absolute paths inside it, and never outside: every folder on the way must be a real one.
 * (The links of a merged /usr are not followed either: write to /usr/sbin, not to /sbin.)
 */
export class RootFiles {
  readonly root: string;

  constructor(root: string) {
    this.root = root;
  }

  /** Makes a folder and its parents; what is there keeps its mode. @throws SLIP_PACKAGE when it is no real folder, as a link to one. */
  folder(path: string, mode = 0o755): void {
    const full = this.path(path, true);
    const there = lstatSync(full, { throwIfNoEntry: false });
    if (there?.isDirectory()) return;
    if (there) {
      throw new SlipwayError({
        code: "SLIP_PACKAGE",
        message: `Cannot make the folder ${path} of the base image: a ${there.isSymbolicLink() ? `link to ${readlinkSync(full)}` : "file"} is there`,
        hint: there.isSymbolicLink()
          ? "links are not followed there: name the folder that it leads to"
          : "name another place for the folder",
      });
    }
    mkdirSync(full);
    chmodSync(full, mode);
  }

  /** Replaces the file, or the link, of that name. @throws SLIP_PACKAGE when it is a folder. */
  write(path: string, content: string | Uint8Array, mode = 0o644): void {
    const full = this.path(path, true);
    if (lstatSync(full, { throwIfNoEntry: false })?.isDirectory()) {
      throw new SlipwayError({
        code: "SLIP_PACKAGE",
        message: `Cannot write ${path} of the base image: a folder is there`,
        hint: "name another place for the file",
      });
    }
    rmSync(full, { force: true });
    writeFileSync(full, content, { flag: "wx" });
    chmodSync(full, mode);
  }

  /** The file's bytes; undefined when there is no such regular file. */
  read(path: string): Buffer | undefined {
    const full = this.#tryPath(path);
    return full !== undefined && lstatSync(full, { throwIfNoEntry: false })?.isFile() ? readFileSync(full) : undefined;
  }

  has(path: string): boolean {
    const full = this.#tryPath(path);
    return full !== undefined && exists(full);
  }

  /** Names in a folder, sorted; none when there is no such folder. */
  list(path: string): readonly string[] {
    const full = this.#tryPath(path);
    return full !== undefined && lstatSync(full, { throwIfNoEntry: false })?.isDirectory()
      ? readdirSync(full).sort()
      : [];
  }

  /** Removes a file, link or whole folder, when it is there. */
  remove(path: string): void {
    const full = this.#tryPath(path);
    if (full !== undefined) rmSync(full, { recursive: true, force: true });
  }

  /** Gives the file the time of another. */
  setTime(path: string, time: Date): void {
    const full = this.path(path);
    lutimesSync(full, time, time);
  }

  /** Gives the file an owner; setuid bits are lost, as chown(2) does. */
  own(path: string, uid: number, gid: number): void {
    lchownSync(this.path(path), uid, gid);
  }

  /** Whether a link (given by its path outside) leads to something, with the root as `/`. */
  resolves(link: string): boolean {
    return this.follow(link) !== undefined;
  }

  /** The path outside of what a link leads to, with the root as `/`; of what is no link its own. */
  follow(link: string): string | undefined {
    let at = link;
    for (let hops = 0; hops < 40; hops++) {
      const info = lstatSync(at, { throwIfNoEntry: false });
      if (!info) return undefined;
      if (!info.isSymbolicLink()) return at;
      const target = readlinkSync(at);
      const inside = dirname(at).slice(this.root.length);
      at = `${this.root}${resolve(`/${inside}`, target)}`;
    }
    return undefined;
  }

  /** The path outside. @throws SLIP_PACKAGE when a parent is no real folder. */
  path(path: string, makeParents = false): string {
    const parts = path.split("/").filter((part) => part !== "");
    if (parts.some((part) => part === "." || part === "..")) throw new Error(`not a plain path: ${path}`);
    let full = this.root;
    for (const part of parts.slice(0, -1)) {
      full = `${full}/${part}`;
      const info = lstatSync(full, { throwIfNoEntry: false });
      if (!info && makeParents) {
        mkdirSync(full);
        chmodSync(full, 0o755);
      } else if (!info?.isDirectory()) {
        throw new SlipwayError({
          code: "SLIP_PACKAGE",
          message: `Cannot write ${path} of the base image: ${full.slice(this.root.length)} is no folder`,
          hint: "links are not followed there: name the folder that they lead to",
        });
      }
    }
    return parts.length === 0 ? this.root : `${full}/${parts.at(-1) ?? ""}`;
  }

  #tryPath(path: string): string | undefined {
    try {
      return this.path(path);
    } catch {
      return undefined;
    }
  }
}

function exists(full: string): boolean {
  return lstatSync(full, { throwIfNoEntry: false }) !== undefined;
}
