import { chmodSync, lchownSync, lstatSync, mkdirSync, type Stats } from "node:fs";
import { posix } from "node:path";
import { fsPath, ownerError, SlipwayError, toBytes, toText } from "../../base/index.ts";
import { setTimes } from "../../base/syscalls.ts";
import { find } from "./find.ts";
import { resolveBytes } from "./root-path.ts";

export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

export interface DestinationOptions {
  /** The writable root that is copied into. */
  readonly root: string;
  /** Absolute inside the root; a trailing slash means a folder. */
  readonly destination: string;
  /** Owner of folders that have to be made; 0:0 without one. */
  readonly owner?: Owner | undefined;
  /** Owners that the kernel refuses are left (one id in the user namespace). */
  readonly squashOwners: boolean;
  /** Modification time of what is made, in seconds; now without it. */
  readonly time?: number | undefined;
}

const beforeHint = "give another destination, or remove what is there in a step before";

/**
 * Where a copy goes (Dockerfile reference, "Destination"). Links on the way are followed inside the root. Absolute paths are byte strings.
 * Throws SLIP_COPY_DESTINATION, and SLIP_SANDBOX for owners that this user namespace lacks.
 */
export class Destination {
  readonly root: string;
  /** Folders that were made since `forget`: nothing is in the way in them, which spares a look for every file. */
  readonly #made = new Set<string>();
  readonly #options: DestinationOptions;

  constructor(options: DestinationOptions) {
    this.#options = options;
    this.root = toBytes(options.root);
  }

  /** To be called for each source: what one has made is in the way of the next. */
  forget(): void {
    this.#made.clear();
  }

  /**
   * The destination as a folder, made with its parents where it is missing.
   * @param mode permission bits of those that are made.
   */
  folder(mode: number): string {
    return this.#makeFolder(toBytes(this.#options.destination), mode);
  }

  /** The place of a file called `name`, which is never a path: that could lead outside the root. Parents are made. */
  file(name: string, mode: number): string {
    const { destination } = this.#options;
    if (/^\.{0,2}$|\//.test(name)) {
      throw new SlipwayError({
        code: "SLIP_COPY_DESTINATION",
        message: `Cannot copy to ${JSON.stringify(destination)}: ${JSON.stringify(name)} is no name of a file`,
      });
    }
    const at = resolveBytes(this.root, toBytes(destination), true);
    const isFolder = destination.endsWith("/") || find(fsPath(`${this.root}/${at}`))?.isDirectory();
    if (isFolder) return `${this.folder(mode)}/${name}`;
    this.#makeFolder(posix.dirname(`/${at}`), mode);
    return `${this.root}/${at}`;
  }

  /** Makes a folder at a place whose parent is there; false when one is there already. */
  makeAt(path: string): boolean {
    const existing = this.existing(path);
    if (existing && !existing.isDirectory()) {
      throw new SlipwayError({
        code: "SLIP_COPY_DESTINATION",
        message: `Cannot copy a folder onto ${this.shown(path)}: it is there and not a folder`,
        hint: beforeHint,
      });
    }
    if (existing) return false;
    mkdirSync(fsPath(path));
    this.#made.add(path);
    return true;
  }

  /** What is at the place of a file or folder that is about to be copied. */
  existing(path: string): Stats | undefined {
    return this.#made.has(path.slice(0, path.lastIndexOf("/"))) ? undefined : find(fsPath(path));
  }

  chown(path: string, owner: Owner): void {
    try {
      lchownSync(fsPath(path), owner.uid, owner.gid);
    } catch (error) {
      if (!this.#options.squashOwners) throw ownerError(this.inside(path), owner, error);
    }
  }

  /** A path inside the root, for messages. */
  shown(path: string): string {
    return JSON.stringify(this.inside(path));
  }

  inside(path: string): string {
    return toText(path.slice(this.root.length));
  }

  #makeFolder(path: string, mode: number): string {
    const resolved = resolveBytes(this.root, path, true);
    let at = this.root;
    for (const part of resolved.split("/").filter(Boolean)) {
      at = `${at}/${part}`;
      const stat = find(fsPath(at));
      if (stat?.isDirectory()) continue;
      if (stat) {
        throw new SlipwayError({
          code: "SLIP_COPY_DESTINATION",
          message: `Cannot make the folder ${JSON.stringify(toText(path))}: ${this.shown(at)} is a file`,
          hint: beforeHint,
        });
      }
      mkdirSync(fsPath(at));
      this.#made.add(at);
      chmodSync(fsPath(at), mode);
      const { owner, time } = this.#options;
      if (owner) this.chown(at, owner);
      if (time !== undefined) setTime(at, time);
    }
    return at;
  }
}

/** @param time in seconds. */
export function setTime(path: string, time: number): void {
  const nanoseconds = BigInt(time) * 1_000_000_000n;
  setTimes(fsPath(path), nanoseconds, nanoseconds);
}

/** Gives a file or folder the modification time of another. */
export function copyTime(source: string | Buffer, path: string): void {
  const { mtimeNs } = lstatSync(source, { bigint: true });
  setTimes(fsPath(path), mtimeNs, mtimeNs);
}
