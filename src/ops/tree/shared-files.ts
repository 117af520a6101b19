import { hash } from "node:crypto";
import {
  chmodSync,
  lchownSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { fsPath, toBytes } from "../../base/index.ts";
import { setTimes } from "../../base/syscalls.ts";
import type { Owner } from "./destination.ts";
import { find } from "./find.ts";
import { openStatCache, type StatCache } from "./stat-cache.ts";
import type { TreeEntry } from "./tree.ts";

/** Where copied files are kept for later copies, and what is known of the files that are copied. */
export interface SharingRequest {
  /** A folder in the file system of the snapshots. */
  readonly folder: string;
  readonly statCache: string;
}

/** A file that is one with a kept one in the end. Paths are byte strings. */
interface SharedFile {
  /** Below the root that is copied into. */
  readonly path: string;
  readonly key: string;
  /** It was copied, and is to be kept; otherwise it is kept already. */
  readonly copied: boolean;
  /** To copy it after all; and when it was changed, which tells whether what was copied is what was hashed. */
  readonly source: string | Buffer;
  readonly ctimeMs: number;
  readonly mode: number;
  readonly owner: Owner;
  readonly mtimeNs: bigint;
}

/** What is left to do once nothing is mounted on the folder of changes any more. */
export interface SharedWork {
  readonly files: readonly SharedFile[];
  readonly folders: readonly { readonly path: string; readonly mtimeNs: bigint }[];
}

/**
 * Files that earlier copies made, by content, mode, owner, time and place: one that is the same again becomes a further name of it (a hard link), which
 * takes a twentieth of a copy. That is safe because nobody ever writes to a file of a snapshot: overlayfs copies it up first. The place is among
 * them so that no stack of snapshots shows one file in two places: who looks there (tar, cp -a, a COPY of both) would take equal files for one,
 * and a change of one would be a change of the other.
 * A link cannot be made through a mount, so it is done at the end, in the folder of changes itself.
 */
export class Sharing {
  readonly #folder: string;
  readonly #known: StatCache;
  readonly #files: SharedFile[] = [];

  constructor({ folder, statCache }: SharingRequest) {
    this.#folder = folder;
    this.#known = openStatCache(statCache);
  }

  /**
   * Takes note of a file that could be shared.
   * @returns true when it need not be copied.
   */
  takes(
    { path, stat, absolute }: TreeEntry,
    to: string,
    mode: number,
    owner: Owner,
    time: number | undefined,
  ): boolean {
    const digest = stat.isFile() && stat.nlink === 1 ? this.#known.get(path, stat) : undefined;
    if (digest === undefined) return false;
    const mtimeNs = time === undefined ? lstatSync(absolute, { bigint: true }).mtimeNs : BigInt(time) * 1_000_000_000n;
    const name = hash("sha256", `${digest} ${mode} ${owner.uid} ${owner.gid} ${mtimeNs} ${to}`, "hex");
    const key = `${name.slice(0, 2)}/${name.slice(2)}`;
    const kept = find(`${this.#folder}/${key}`) !== undefined;
    this.#files.push({ path: to, key, copied: !kept, source: absolute, ctimeMs: stat.ctimeMs, mode, owner, mtimeNs });
    return kept;
  }

  work(folders: SharedWork["folders"]): SharedWork {
    return { files: this.#files, folders };
  }
}

export interface FinishRequest {
  /** The folder of changes, with nothing mounted on it. */
  readonly upper: string;
  /** Where files are kept. */
  readonly folder: string;
  readonly work: SharedWork;
  readonly squashOwners: boolean;
}

/**
 * Makes the links that a copy left to do, and sets the times of the folders that they are in.
 * @returns bytes on the disk of the files that are kept, so that they are counted there alone.
 */
export function finishSharing({ upper, folder, work, squashOwners }: FinishRequest): number {
  const root = toBytes(upper);
  const made = new Set<string>();
  let bytes = 0;
  for (const file of work.files) {
    const kept = `${folder}/${file.key}`;
    const place = fsPath(`${root}/${file.path}`);
    const shard = kept.slice(0, folder.length + 3);
    if (!made.has(shard)) {
      mkdirSync(shard, { recursive: true });
      made.add(shard);
    }
    if (file.copied && find(file.source)?.ctimeMs !== file.ctimeMs) continue;
    const linked = file.copied ? tryLink(place, kept) : tryLink(kept, place);
    if (linked) bytes += 512 * lstatSync(place).blocks;
    else if (!file.copied) copyAfterAll(file, place, squashOwners);
  }
  for (const { path, mtimeNs } of work.folders) setTimes(fsPath(`${root}/${path}`), mtimeNs, mtimeNs);
  return bytes;
}

/** False where the kept file has gone meanwhile, has as many names as it may have, or another was first. */
function tryLink(existing: string | Buffer, name: string | Buffer): boolean {
  try {
    linkSync(existing, name);
    return true;
  } catch (error) {
    if (!["ENOENT", "EEXIST", "EMLINK", "EPERM", "EXDEV"].includes((error as NodeJS.ErrnoException).code ?? ""))
      throw error;
    return false;
  }
}

function copyAfterAll(
  { source, mode, owner, mtimeNs }: SharedFile,
  place: string | Buffer,
  squashOwners: boolean,
): void {
  if (find(place)) unlinkSync(place);
  writeFileSync(place, readFileSync(source), { flag: "wx" });
  try {
    lchownSync(place, owner.uid, owner.gid);
  } catch (error) {
    if (!squashOwners) throw error;
  }
  chmodSync(place, mode);
  setTimes(place, mtimeNs, mtimeNs);
}
