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
  symlinkSync,
  writeSync,
  type BigIntStats,
} from "node:fs";
import { type CancelFlag, fsPath, throwIfCancelled } from "../base/index.ts";
import { getXattr, listXattrs, makeNode, setTimes, setXattr } from "../base/syscalls.ts";
import { inodeOf, type LayerEntry } from "./layer-entry.ts";

/** Larger files are copied inside the kernel, where the file system can by sharing the blocks; smaller ones in one read and one write. */
const wholeCopy = 256 << 10;

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
    make(entry, to);
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

function make({ path, stats }: LayerEntry, to: string): void {
  if (stats.isSymbolicLink()) symlinkSync(readlinkSync(fsPath(path), "buffer"), fsPath(to));
  else if (!stats.isFile()) makeNode(fsPath(to), Number(stats.mode), ...deviceOf(stats));
  else if (stats.size > wholeCopy) {
    copyFileSync(fsPath(path), fsPath(to), constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
  } else writeNew(to, readFileSync(fsPath(path)));
}

function writeNew(path: string, content: Uint8Array): void {
  const file = openSync(fsPath(path), "wx", 0o600);
  try {
    for (let at = 0; at < content.length;) at += writeSync(file, content, at);
  } finally {
    closeSync(file);
  }
}

/** Major and minor number, as the kernel spreads them over st_rdev. */
function deviceOf({ rdev }: BigIntStats): [major: number, minor: number] {
  const major = ((rdev >> 8n) & 0xfffn) | ((rdev >> 32n) & 0xfffff000n);
  return [Number(major), Number((rdev & 0xffn) | ((rdev >> 12n) & 0xffffff00n))];
}
