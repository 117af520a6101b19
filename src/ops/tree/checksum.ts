import { createHash, hash } from "node:crypto";
import { closeSync, openSync, readFileSync, readlinkSync, readSync } from "node:fs";
import { type Digest, Hasher } from "../../base/index.ts";
import { selectSource } from "./select.ts";
import { openStatCache, type StatCache } from "./stat-cache.ts";
import { copiedXattrs } from "./xattrs.ts";
import { unreadable } from "./unreadable.ts";
import { openTree, type TreeEntry, type TreeSpec, walkTree } from "./tree.ts";

export interface ChecksumRequest {
  readonly tree: TreeSpec;
  readonly sources: readonly string[];
  /** Owners do not count: the copy sets its own. */
  readonly ignoreOwner: boolean;
  /** Modes do not count: the copy sets its own. */
  readonly ignoreMode: boolean;
  /** Where digests of unchanged files are kept. */
  readonly statCache?: string | undefined;
  /** Bytes that may be read before giving up; undefined is no bound. */
  readonly readLimit?: number | undefined;
  /** Entries that may be looked at before giving up; undefined is no bound. */
  readonly entryLimit?: number | undefined;
}

/** Undefined: more had to be read or looked at than the limits allow. */
export type ChecksumResult = { readonly digest: Digest; readonly files: number; readonly bytes: number } | undefined;

/** A file is worth this many bytes of reading, however small. */
const fileCost = 4096;

/**
 * The digest of what a copy takes: each source's name, and path, type, mode, owner, link target,
 * extended attributes and content of all in it; never a time.
 * Synchronous. Throws SLIP_COPY_NOT_FOUND, SLIP_CONTEXT.
 */
export function checksumSources(request: ChecksumRequest): ChecksumResult {
  try {
    return checksum(request);
  } catch (error) {
    throw unreadable(request.tree, error);
  }
}

function checksum(request: ChecksumRequest): ChecksumResult {
  const tree = openTree(request.tree);
  const cache = request.statCache === undefined ? undefined : openStatCache(request.statCache);
  const hasher = new Hasher();
  let budget = request.readLimit ?? Number.POSITIVE_INFINITY;
  const mostEntries = request.entryLimit ?? Number.POSITIVE_INFINITY;
  const walked: string[] = [];
  let files = 0;
  let bytes = 0;
  let text = "";
  const contentOf = (entry: TreeEntry): string => {
    const known = cache?.get(entry.path, entry.stat);
    if (known !== undefined) return known;
    budget -= Math.max(entry.stat.size, fileCost);
    return budget < 0 ? "" : hashFile(entry, cache);
  };
  for (const source of request.sources) {
    for (const { path, name } of selectSource(tree, source)) {
      text += `source ${name}\0`;
      walkTree(tree, path, (entry) => {
        if (budget < 0 || ++files > mostEntries) return false;
        const { stat } = entry;
        bytes += stat.isFile() ? stat.size : 0;
        const owner = request.ignoreOwner || tree.client ? "" : `${stat.uid}:${stat.gid}`;
        const mode = request.ignoreMode && !stat.isSymbolicLink() ? stat.mode & 0o170000 : stat.mode;
        const rest = stat.isFile()
          ? contentOf(entry)
          : stat.isSymbolicLink()
            ? readlinkSync(entry.absolute)
            : stat.isDirectory()
              ? ""
              : String(stat.rdev);
        const xattrs = tree.client || stat.isSymbolicLink() ? "" : xattrsOf(entry.absolute);
        text += `${mode.toString(8)} ${owner} ${entry.below}\0${rest}\0${xattrs}`;
        if (text.length > 65_536) {
          hasher.update(text);
          text = "";
        }
        return true;
      });
      walked.push(path);
    }
  }
  const gaveUp = budget < 0 || files > mostEntries;
  cache?.save(gaveUp ? [] : walked);
  if (gaveUp) return undefined;
  return { digest: hasher.update(text).digest(), files, bytes };
}

function xattrsOf(path: string): string {
  return copiedXattrs(path)
    .map(([name, value]) => `xattr ${name} ${Buffer.from(value).toString("hex")}\0`)
    .join("");
}

const wholeRead = 4 << 20;
let chunk: Buffer | undefined;

function hashFile({ absolute, path, stat }: TreeEntry, cache: StatCache | undefined): string {
  const sha256 = stat.size <= wholeRead ? hash("sha256", readFileSync(absolute), "hex") : hashLarge(absolute);
  cache?.set(path, stat, sha256);
  return sha256;
}

function hashLarge(path: string): string {
  const hasher = createHash("sha256");
  chunk ??= Buffer.allocUnsafe(1 << 20);
  const file = openSync(path, "r");
  try {
    for (let got = readSync(file, chunk); got > 0; got = readSync(file, chunk)) hasher.update(chunk.subarray(0, got));
  } finally {
    closeSync(file);
  }
  return hasher.digest("hex");
}
