import {
  chmodSync,
  closeSync,
  constants,
  copyFileSync,
  lchownSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  readlinkSync,
  readSync,
  rmSync,
  symlinkSync,
  writeSync,
  type BigIntStats,
} from "node:fs";
import { type CancelFlag, fsPath, throwIfCancelled } from "../base/index.ts";
import { getXattr, listXattrs, makeNode, setTimes, setXattr } from "../base/syscalls.ts";
import { inodeOf, type LayerEntry } from "./layer-entry.ts";

/** Smaller files are copied in one read and one write. */
const wholeCopy = 256 << 10;
/** Bytes of a piece of a larger one. */
const pieceSize = 4 << 20;

/**
 * Copies entries of layers as they are, with mode, owner, time and extended attributes. Files with several names in a layer stay one file. Never a hard
 * link into the layer itself: the count of a file's names is seen in containers, and may not depend on what else lies in the store (ADR 9).
 */
export class EntryCopier {
  readonly #xattrs: "trusted" | "user";
  readonly #cancel: CancelFlag | undefined;
  /** First copy of each file with several names. */
  readonly #links = new Map<string, string>();

  constructor(xattrs: "trusted" | "user", cancel: CancelFlag | undefined) {
    this.#xattrs = xattrs;
    this.#cancel = cancel;
  }

  /**
   * Anything but a folder.
   * @param layer its number: what is one file in a layer is one file in the copy.
   * @param attributes of what else it gets mode, owner, time and extended attributes.
   */
  copy(entry: LayerEntry, layer: number, to: string, attributes: string = entry.path): void {
    throwIfCancelled(this.#cancel);
    const twin = entry.stats.nlink > 1n ? `${layer}:${inodeOf(entry)}` : undefined;
    const first = twin === undefined ? undefined : this.#links.get(twin);
    if (first !== undefined) {
      linkSync(fsPath(first), fsPath(to));
      return;
    }
    make(entry, to, this.#cancel);
    this.setAttributes(attributes, to);
    if (twin !== undefined) this.#links.set(twin, to);
  }

  /** A folder, to be filled; its attributes come when it is full. */
  makeFolder(to: string): void {
    throwIfCancelled(this.#cancel);
    mkdirSync(fsPath(to), 0o700);
  }

  whiteout(to: string): void {
    makeNode(fsPath(to), constants.S_IFCHR, 0, 0);
  }

  markOpaque(to: string): void {
    setXattr(fsPath(to), `${this.#xattrs}.overlay.opaque`, Buffer.from("y"));
  }

  /** Gives mode, owner, time and extended attributes of an entry, in the order in which none undoes another. */
  setAttributes(from: string, to: string): void {
    const stats = lstatSync(fsPath(from), { bigint: true });
    const made = lstatSync(fsPath(to), { bigint: true });
    if (made.uid !== stats.uid || made.gid !== stats.gid) lchownSync(fsPath(to), Number(stats.uid), Number(stats.gid));
    if (!stats.isSymbolicLink()) chmodSync(fsPath(to), Number(stats.mode & 0o7777n));
    for (const [name, value] of ownXattrs(from)) setXattr(fsPath(to), name, value);
    setTimes(fsPath(to), stats.mtimeNs, stats.mtimeNs);
  }
}

/**
 * Extended attributes that belong to a file, sorted by name: neither overlayfs' marks, nor what security modules put there by themselves.
 */
export function ownXattrs(path: string): readonly (readonly [name: string, value: Uint8Array])[] {
  return listXattrs(fsPath(path))
    .filter((name) => !/^(?:trusted|user)\.overlay\./.test(name))
    .filter((name) => !name.startsWith("security.") || name === "security.capability")
    .sort()
    .flatMap((name) => {
      const value = getXattr(fsPath(path), name);
      return value ? [[name, value] as const] : [];
    });
}

function make({ path, stats }: LayerEntry, to: string, cancel: CancelFlag | undefined): void {
  if (stats.isSymbolicLink()) symlinkSync(readlinkSync(fsPath(path), "buffer"), fsPath(to));
  else if (!stats.isFile()) makeNode(fsPath(to), Number(stats.mode), ...deviceOf(stats));
  else if (stats.size > wholeCopy) copyLarge(path, to, cancel);
  else writeNew(to, [readFileSync(fsPath(path))]);
}

/** By sharing the blocks; where the file system cannot do that, in pieces, because a copy in the kernel of gigabytes hears of no cancelling. */
function copyLarge(path: string, to: string, cancel: CancelFlag | undefined): void {
  try {
    copyFileSync(fsPath(path), fsPath(to), constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE_FORCE);
    return;
  } catch (error) {
    if (!["ENOTSUP", "EOPNOTSUPP", "EXDEV", "EINVAL", "ENOSYS"].includes((error as NodeJS.ErrnoException).code ?? ""))
      throw error;
    rmSync(fsPath(to), { force: true });
  }
  writeNew(to, piecesOf(path, cancel));
}

function* piecesOf(path: string, cancel: CancelFlag | undefined): Generator<Uint8Array> {
  const buffer = Buffer.allocUnsafe(pieceSize);
  const file = openSync(fsPath(path), constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    for (;;) {
      throwIfCancelled(cancel);
      const read = readSync(file, buffer, 0, pieceSize, null);
      if (read === 0) return;
      yield buffer.subarray(0, read);
    }
  } finally {
    closeSync(file);
  }
}

function writeNew(path: string, pieces: Iterable<Uint8Array>): void {
  const file = openSync(fsPath(path), "wx", 0o600);
  try {
    for (const piece of pieces) for (let at = 0; at < piece.length;) at += writeSync(file, piece, at);
  } finally {
    closeSync(file);
  }
}

/** Major and minor number, as the kernel spreads them over st_rdev. */
function deviceOf({ rdev }: BigIntStats): [major: number, minor: number] {
  const major = ((rdev >> 8n) & 0xfffn) | ((rdev >> 32n) & 0xfffff000n);
  return [Number(major), Number((rdev & 0xffn) | ((rdev >> 12n) & 0xffffff00n))];
}
