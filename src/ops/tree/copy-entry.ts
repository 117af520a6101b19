import {
  chmodSync,
  closeSync,
  constants,
  copyFileSync,
  linkSync,
  lstatSync,
  openSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { fsPath, SlipwayError, toText } from "../../base/index.ts";
import { makeNode, setXattr } from "../../base/syscalls.ts";
import type { FileMode } from "../../dockerfile/index.ts";
import { applyMode } from "./apply-mode.ts";
import { copyTime, type Destination, type Owner, setTime } from "./destination.ts";
import type { Tree, TreeEntry } from "./tree.ts";
import { copiedXattrs } from "./xattrs.ts";

export interface EntryOptions {
  /** Owner of all that is copied; without it client files become 0:0 and a stage's keep theirs. */
  readonly owner?: Owner | undefined;
  readonly mode?: FileMode | undefined;
  /** Modification time of all, in seconds; without it each keeps its own. */
  readonly time?: number | undefined;
}

/**
 * Copies the entries of one source, one after the other: files, folders and special files with mode, owner, time and what of their extended
 * attributes is copied. Files with several names in the source stay one file. A socket becomes an empty file, as for BuildKit.
 */
export class EntryCopier {
  /** Names of device nodes that the kernel did not let this user make. */
  readonly leftOut: string[] = [];
  readonly #tree: Tree;
  readonly #into: Destination;
  readonly #options: EntryOptions;
  /** First copy of each file with several names. */
  readonly #links = new Map<string, string>();
  /** Folder times are set last: what is put into a folder changes them. */
  readonly #folders: { readonly path: string; readonly source: string | Buffer }[] = [];

  constructor(tree: Tree, into: Destination, options: EntryOptions) {
    this.#tree = tree;
    this.#into = into;
    this.#options = options;
  }

  /** @param target a byte string. */
  copy(entry: TreeEntry, target: string): void {
    const { stat } = entry;
    if (stat.isDirectory()) {
      this.#into.makeAt(target);
      this.timeLater(entry, target);
      this.#attributes(entry, target, this.#modeOf(entry));
      return;
    }
    this.#clear(target);
    const twin = stat.isFile() && stat.nlink > 1 ? `${stat.dev}:${stat.ino}` : undefined;
    const first = twin === undefined ? undefined : this.#links.get(twin);
    if (first !== undefined) {
      linkSync(fsPath(first), fsPath(target));
      return;
    }
    const mode = this.#modeOf(entry);
    if (!this.#make(entry, target, mode)) return;
    if (twin !== undefined) this.#links.set(twin, target);
    this.#attributes(entry, target, mode);
    this.#time(entry.absolute, target);
  }

  /** A folder gets the time of its source at the end. */
  timeLater({ absolute }: TreeEntry, path: string): void {
    this.#folders.push({ path, source: absolute });
  }

  finish(): void {
    for (const { path, source } of this.#folders.reverse()) this.#time(source, path);
  }

  #time(source: string | Buffer, path: string): void {
    if (this.#options.time === undefined) copyTime(source, path);
    else setTime(path, this.#options.time);
  }

  /** Takes away what is at a file's place. */
  #clear(target: string): void {
    const existing = this.#into.existing(target);
    if (existing) clearForFile(existing.isDirectory(), target, this.#into);
  }

  #modeOf({ stat }: TreeEntry): number {
    return applyMode(this.#options.mode, stat.mode & 0o7777, stat.isDirectory());
  }

  /** False when it was left out. */
  #make({ stat, absolute, path }: TreeEntry, target: string, mode: number): boolean {
    if (stat.isSymbolicLink()) symlinkSync(readlinkSync(absolute, "buffer"), fsPath(target));
    else if (stat.isSocket()) writeNew(target, new Uint8Array(0), mode);
    else if (!stat.isFile()) {
      try {
        makeNode(fsPath(target), stat.mode, ...deviceOf(absolute));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "EPERM" || stat.isFIFO()) throw error;
        this.leftOut.push(toText(path));
        return false;
      }
    } else if (stat.size > wholeCopy)
      copyFileSync(absolute, fsPath(target), constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
    else writeNew(target, readFileSync(absolute), mode);
    return true;
  }

  #attributes({ stat, absolute }: TreeEntry, target: string, mode: number): void {
    const link = stat.isSymbolicLink();
    const owner = this.#options.owner ?? (this.#tree.client ? root : { uid: stat.uid, gid: stat.gid });
    // What Node copies whole gets the owner of its source.
    const given = stat.isDirectory() || (stat.isFile() && stat.size > wholeCopy);
    if (owner.uid !== 0 || owner.gid !== 0 || given) this.#into.chown(target, owner);
    // A change of owner takes setuid and setgid away, so the mode comes after it.
    if (!link && needsChmod(stat, mode, owner)) chmodSync(fsPath(target), mode);
    if (this.#tree.client || link) return;
    for (const [name, value] of copiedXattrs(absolute)) setXattr(fsPath(target), name, value);
  }
}

const root = { uid: 0, gid: 0 };
/** Larger files are copied inside the kernel, smaller ones in one read and one write. */
const wholeCopy = 256 << 10;

/** Takes away what is at a file's place. */
export function clearForFile(isFolder: boolean, target: string, into: Destination): void {
  if (!isFolder) {
    unlinkSync(fsPath(target));
    return;
  }
  throw new SlipwayError({
    code: "SLIP_COPY_DESTINATION",
    message: `Cannot copy a file onto the folder ${into.shown(target)}`,
    hint: "end the destination with a slash to copy into it, or remove the folder first",
  });
}

/** New plain files get their mode when they are opened, all but bits that the umask takes and those beyond permissions. */
function needsChmod(stat: TreeEntry["stat"], mode: number, owner: Owner): boolean {
  const plain = stat.isFile() && stat.size <= wholeCopy && mode <= 0o777;
  return !plain || owner !== root || (mode & process.umask()) !== 0;
}

function writeNew(path: string, content: Uint8Array, mode: number): void {
  const file = openSync(fsPath(path), "wx", mode & 0o777);
  try {
    for (let at = 0; at < content.length;) at += writeSync(file, content, at);
  } finally {
    closeSync(file);
  }
}

/** Major and minor number, as the kernel spreads them over st_rdev. */
function deviceOf(path: string | Buffer): [major: number, minor: number] {
  const { rdev } = lstatSync(path, { bigint: true });
  const major = ((rdev >> 8n) & 0xfffn) | ((rdev >> 32n) & 0xfffff000n);
  return [Number(major), Number((rdev & 0xffn) | ((rdev >> 12n) & 0xffffff00n))];
}
