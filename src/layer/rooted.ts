import { lstatSync, mkdirSync, readlinkSync, type Stats } from "node:fs";
import { fsPath, toText } from "../base/index.ts";
import { invalidArchive } from "./invalid.ts";

/** Links on the way to one file; the kernel's own limit. */
const maxLinks = 40;

/** What the resolver asks its owner. */
export interface RootedHooks {
  /** A folder was missing on the way and was just made; `name` is its path below the root, `instead` says that it took the place of something. */
  made(path: string, name: string, instead: boolean): void;
  /** Something that is no folder stands where one must be; true when it was removed so that a folder can be made. */
  blocked(path: string, stats: Stats): boolean;
}

/**
 * Finds folders below a root as a process would whose `/` it is: links lead within the root, whatever they say, and `..` stops there. Paths are
 * byte strings. Whoever else changes the root meanwhile must be trusted.
 */
export class Rooted {
  readonly root: string;
  readonly #hooks: RootedHooks;
  /** Folders as named -> as found. */
  readonly #found = new Map<string, string>();
  #links = 0;

  constructor(root: string, hooks: RootedHooks) {
    this.root = root;
    this.#hooks = hooks;
  }

  /** To be called when a folder or a link that was there is replaced: what was found through it no longer holds. */
  forget(): void {
    this.#found.clear();
  }

  /** The real path of a folder, made with its parents where it is missing. `name` is clean: no empty parts, no `.` or `..`; "" is the root. */
  folder(name: string): string {
    if (name === "") return this.root;
    const known = this.#found.get(name);
    if (known !== undefined) return known;
    this.#links = 0;
    const path = this.#walk(name.split("/"), name);
    this.#found.set(name, path);
    return path;
  }

  /** True when the link in `parent`, a real path, leads to a folder below the root that is there; nothing is made. */
  leadsToFolder(parent: string, target: string): boolean {
    const start = target.startsWith("/") || parent === this.root ? [] : parent.slice(this.root.length + 1).split("/");
    this.#links = 0;
    try {
      this.#walk([...start, ...target.split("/")], target, true);
      return true;
    } catch {
      return false;
    }
  }

  #walk(parts: readonly string[], name: string, onlyLook = false): string {
    // last part first, so that what a link says is put before the rest cheaply
    const todo = parts.toReversed();
    let at: string[] = [];
    for (let part = todo.pop(); part !== undefined; part = todo.pop()) {
      if (part === "" || part === ".") continue;
      if (part === "..") {
        at.pop();
        continue;
      }
      at.push(part);
      const path = `${this.root}/${at.join("/")}`;
      const stats = lstatSync(fsPath(path), { throwIfNoEntry: false });
      if (stats?.isDirectory()) continue;
      if (stats?.isSymbolicLink()) {
        if (++this.#links > maxLinks) throw invalidArchive(`"${toText(name)}" leads through too many links`);
        const target = readlinkSync(fsPath(path), "latin1");
        if (target.startsWith("/")) at = [];
        else at.pop();
        todo.push(...target.split("/").toReversed());
        continue;
      }
      if (onlyLook) throw invalidArchive(`"${toText(name)}" leads to no folder`);
      const instead = stats !== undefined;
      if (stats && !this.#hooks.blocked(path, stats)) {
        throw invalidArchive(`"${toText(name)}" lies below something that is not a folder`);
      }
      try {
        mkdirSync(fsPath(path), 0o755);
      } catch (error) {
        // another archive that is unpacked into the same root was first: look again
        if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
        at.pop();
        todo.push(part);
        continue;
      }
      this.#hooks.made(path, at.join("/"), instead);
    }
    return at.length === 0 ? this.root : `${this.root}/${at.join("/")}`;
  }
}
