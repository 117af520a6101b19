import {
  chmodSync,
  closeSync,
  constants,
  copyFileSync,
  fchmodSync,
  lchownSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  readlinkSync,
  rmdirSync,
  type Stats,
  symlinkSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { posix } from "node:path";
import { ownerError, SlipwayError } from "../../base/index.ts";
import { makeNode, setTimes, setXattr } from "../../base/syscalls.ts";
import { extractArchive, isArchive } from "./archive.ts";
import { resolveInRoot } from "./root-path.ts";
import { type Selected, selectSource } from "./select.ts";
import { openTree, type Tree, type TreeEntry, type TreeSpec, walkTree } from "./tree.ts";
import { find } from "./find.ts";
import { unreadable } from "./unreadable.ts";
import { copiedXattrs } from "./xattrs.ts";

export interface CopyRequest {
  /** Undefined when all sources are inline. */
  readonly tree?: TreeSpec | undefined;
  readonly sources: readonly (
    | { readonly type: "path"; readonly path: string }
    | { readonly type: "inline"; readonly name: string; readonly content: string }
  )[];
  /** The writable root that is copied into. */
  readonly root: string;
  /** Absolute inside the root; a trailing slash means a folder. */
  readonly destination: string;
  /** Numeric owner of all that is copied; without it client files become 0:0 and a stage's keep theirs. */
  readonly owner?: { readonly uid: number; readonly gid: number } | undefined;
  /** Permission bits of all that is copied; without them each keeps its own. */
  readonly mode?: number | undefined;
  /** ADD: local archives are unpacked. */
  readonly unpack: boolean;
  /** Owners that the kernel refuses are left (one id in the user namespace). */
  readonly squashOwners: boolean;
}

/**
 * Copies sources into a root by the rules of the Dockerfile reference ("COPY", "ADD"): a folder gives its content, a file lands
 * in an existing or slash-ended destination under its name, otherwise at it. Missing parents are made for the owner asked for, with
 * mode 0755 whatever mode was asked for.
 * Links in the destination are followed inside the root; links in a copied folder stay links.
 * @returns names of device nodes that the kernel did not let this user make.
 * Throws SLIP_COPY_NOT_FOUND, SLIP_COPY_DESTINATION, SLIP_CONTEXT, and SLIP_SANDBOX for owners that this user namespace lacks.
 */
export async function copySources(request: CopyRequest): Promise<readonly string[]> {
  const copier = new Copier(request);
  try {
    for (const source of request.sources) {
      if (source.type === "inline") copier.inline(source.name, source.content);
      else await copier.path(source.path);
    }
    copier.finish();
  } catch (error) {
    throw unreadable(request.tree, error);
  }
  return copier.leftOut;
}

class Copier {
  readonly leftOut: string[] = [];
  readonly #request: CopyRequest;
  readonly #tree: Tree | undefined;
  /** First copy of each file with several names, so that they stay one file. */
  readonly #links = new Map<string, string>();
  /** The same the other way round: a first copy that something replaces is none any more. */
  readonly #firsts = new Map<string, string>();
  /** Folder times are set last: what is put into a folder changes them. */
  readonly #folderTimes: { readonly path: string; readonly source: string }[] = [];
  /** Folders made for the source that is copied now: nothing is in the way in them, which spares a look for every file. */
  readonly #made = new Set<string>();

  constructor(request: CopyRequest) {
    this.#request = request;
    this.#tree = request.tree && openTree(request.tree);
  }

  async path(source: string): Promise<void> {
    const tree = this.#tree as Tree;
    for (const selected of selectSource(tree, source)) {
      this.#made.clear();
      const absolute = `${tree.root}/${selected.path}`;
      const stat = lstatSync(absolute);
      if (stat.isDirectory()) {
        this.#folder(tree, selected, this.#makeFolder(this.#request.destination));
      } else if (this.#request.unpack && stat.isFile() && (await isArchive(absolute))) {
        const into = this.#makeFolder(this.#request.destination);
        this.leftOut.push(...(await extractArchive(absolute, into, this.#request.squashOwners)));
      } else {
        const entry = { path: selected.path, below: "", absolute, stat };
        this.#entry(tree, entry, this.#target(selected.name));
      }
    }
  }

  inline(name: string, content: string): void {
    const target = this.#target(name);
    this.#clear(target);
    writeFileSync(target, content, { flag: "wx" });
    chmodSync(target, this.#request.mode ?? 0o644);
    this.#chown(target, this.#request.owner ?? { uid: 0, gid: 0 });
  }

  finish(): void {
    for (const { path, source } of this.#folderTimes.reverse()) copyTimes(source, path);
  }

  /** The absolute place of a file called `name`, which is never a path: that could lead outside the root. */
  #target(name: string): string {
    const { root, destination } = this.#request;
    if (/^\.{0,2}$|\//.test(name)) {
      throw new SlipwayError({
        code: "SLIP_COPY_DESTINATION",
        message: `Cannot copy to ${JSON.stringify(destination)}: ${JSON.stringify(name)} is no name of a file`,
      });
    }
    const at = resolveInRoot(root, destination, true);
    const folder = destination.endsWith("/") || find(`${root}/${at}`)?.isDirectory();
    if (folder) return `${this.#makeFolder(destination)}/${name}`;
    this.#makeFolder(posix.dirname(`/${at}`));
    return `${root}/${at}`;
  }

  /** Makes a folder of the root with its parents; gives its absolute path. */
  #makeFolder(path: string): string {
    const { root, owner } = this.#request;
    const resolved = resolveInRoot(root, path, true);
    let at = root;
    for (const part of resolved.split("/").filter(Boolean)) {
      at = `${at}/${part}`;
      const stat = find(at);
      if (stat?.isDirectory()) continue;
      if (stat) {
        throw new SlipwayError({
          code: "SLIP_COPY_DESTINATION",
          message: `Cannot make the folder ${JSON.stringify(path)}: ${JSON.stringify(at.slice(root.length))} is a file`,
        });
      }
      mkdirSync(at);
      this.#made.add(at);
      chmodSync(at, 0o755);
      if (owner) this.#chown(at, owner);
    }
    return at;
  }

  #folder(tree: Tree, selected: Selected, into: string): void {
    walkTree(tree, selected.path, (entry) => {
      if (entry.below !== "") this.#entry(tree, entry, `${into}/${entry.below}`);
      return true;
    });
  }

  #entry(tree: Tree, entry: TreeEntry, target: string): void {
    const { stat, absolute } = entry;
    if (stat.isSocket()) return;
    if (stat.isDirectory()) {
      this.#directory(target, absolute);
    } else {
      const twin = stat.nlink > 1 ? `${stat.dev}:${stat.ino}` : undefined;
      if (this.#existing(target)) this.#clear(target);
      const first = twin === undefined ? undefined : this.#links.get(twin);
      if (first !== undefined) {
        linkSync(first, target);
        return;
      }
      if (!this.#file(entry, target)) return;
      if (twin !== undefined) {
        this.#links.set(twin, target);
        this.#firsts.set(target, twin);
      }
    }
    this.#attributes(tree, entry, target);
  }

  #directory(target: string, source: string): void {
    const existing = this.#existing(target);
    if (existing && !existing.isDirectory()) {
      throw new SlipwayError({
        code: "SLIP_COPY_DESTINATION",
        message: `Cannot copy a folder onto ${JSON.stringify(target.slice(this.#request.root.length))}: it is there and not a folder`,
      });
    }
    if (!existing) {
      mkdirSync(target);
      this.#made.add(target);
    }
    this.#folderTimes.push({ path: target, source });
  }

  /** What is at the place of a file or folder that is about to be copied. */
  #existing(target: string): Stats | undefined {
    return this.#made.has(target.slice(0, target.lastIndexOf("/"))) ? undefined : find(target);
  }

  /** Takes away what is at a file's place. */
  #clear(target: string): void {
    clear(target);
    const twin = this.#firsts.get(target);
    if (twin === undefined) return;
    this.#firsts.delete(target);
    this.#links.delete(twin);
  }

  /** False when it was left out. */
  #file({ stat, absolute, path }: TreeEntry, target: string): boolean {
    if (stat.isSymbolicLink()) symlinkSync(readlinkSync(absolute), target);
    else if (!stat.isFile()) {
      try {
        makeNode(target, stat.mode, ...deviceOf(absolute));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "EPERM" || stat.isFIFO()) throw error;
        this.leftOut.push(path);
        return false;
      }
    } else if (stat.size > wholeCopy)
      copyFileSync(absolute, target, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
    else writeNew(target, readFileSync(absolute), stat.mode);
    return true;
  }

  #attributes(tree: Tree, { stat, absolute }: TreeEntry, target: string): void {
    const link = stat.isSymbolicLink();
    const owner = this.#request.owner ?? (tree.client ? root : { uid: stat.uid, gid: stat.gid });
    // What Node copies whole gets the owner of its source.
    const given = stat.isDirectory() || (stat.isFile() && stat.size > wholeCopy);
    if (owner.uid !== 0 || owner.gid !== 0 || given) this.#chown(target, owner);
    const mode = this.#request.mode ?? stat.mode & 0o7777;
    // A change of owner takes setuid and setgid away, so the mode comes after it.
    if (!link && needsChmod(stat, mode, owner)) chmodSync(target, mode);
    if (!tree.client && !link) for (const [name, value] of copiedXattrs(absolute)) setXattr(target, name, value);
    if (!stat.isDirectory()) copyTimes(absolute, target);
  }

  #chown(path: string, owner: { readonly uid: number; readonly gid: number }): void {
    try {
      lchownSync(path, owner.uid, owner.gid);
    } catch (error) {
      if (!this.#request.squashOwners) throw ownerError(path.slice(this.#request.root.length), owner, error);
    }
  }
}

const root = { uid: 0, gid: 0 };
/** Larger files are copied inside the kernel, smaller ones in one read and one write. */
const wholeCopy = 256 << 10;

/** New plain files get their mode when they are opened, all but bits that the umask takes. */
function needsChmod(stat: Stats, mode: number, owner: typeof root): boolean {
  const plain = stat.isFile() && stat.size <= wholeCopy && mode === (stat.mode & 0o777);
  return !plain || owner !== root || (mode & process.umask()) !== 0;
}

function writeNew(path: string, content: Uint8Array, mode: number): void {
  const file = openSync(path, "wx", mode & 0o777);
  try {
    for (let at = 0; at < content.length;) at += writeSync(file, content, at);
    if ((mode & 0o7000) !== 0) fchmodSync(file, mode & 0o7777);
  } finally {
    closeSync(file);
  }
}

/** Takes away what is at a file's place; a folder only when it is empty. */
function clear(target: string): void {
  const stat = find(target);
  if (!stat) return;
  if (!stat.isDirectory()) {
    unlinkSync(target);
    return;
  }
  try {
    rmdirSync(target);
  } catch (error) {
    throw new SlipwayError({
      code: "SLIP_COPY_DESTINATION",
      message: `Cannot copy a file onto the folder ${JSON.stringify(posix.basename(target))}: it is not empty`,
      hint: "end the destination with a slash to copy into it",
      cause: error,
    });
  }
}

function copyTimes(source: string, target: string): void {
  const { mtimeNs } = lstatSync(source, { bigint: true });
  setTimes(target, mtimeNs, mtimeNs);
}

/** Major and minor number, as the kernel spreads them over st_rdev. */
function deviceOf(path: string): [major: number, minor: number] {
  const { rdev } = lstatSync(path, { bigint: true });
  const major = ((rdev >> 8n) & 0xfffn) | ((rdev >> 32n) & 0xfffff000n);
  return [Number(major), Number((rdev & 0xffn) | ((rdev >> 12n) & 0xffffff00n))];
}
