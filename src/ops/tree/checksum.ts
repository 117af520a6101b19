import { createHash, hash } from "node:crypto";
import { closeSync, openSync, readFileSync, readlinkSync, readSync } from "node:fs";
import { type CancelFlag, type Digest, Hasher, throwIfCancelled, toText } from "../../base/index.ts";
import { type FileEntry, type FileList, fileList } from "../../solve/index.ts";
import { selectLiteral, type SelectOptions, selectSource } from "./select.ts";
import { openStatCache, type StatCache } from "./stat-cache.ts";
import { copiedXattrs } from "./xattrs.ts";
import { unreadable } from "./unreadable.ts";
import { openTree, type TreeEntry, type TreeSpec, walkTree } from "./tree.ts";

export interface ChecksumRequest extends SelectOptions {
  readonly tree: TreeSpec;
  readonly sources: readonly string[];
  /** The sources are no patterns. */
  readonly literal?: boolean | undefined;
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
  /** Give the list of what was found as well: it costs some microseconds an entry. */
  readonly list?: boolean | undefined;
  /** Nothing is written: the stat cache is only read. */
  readonly readOnly?: boolean | undefined;
  readonly cancel?: CancelFlag | undefined;
}

/** Undefined: more had to be read or looked at than the limits allow. */
export type ChecksumResult =
  | {
      readonly digest: Digest;
      readonly files: number;
      readonly bytes: number;
      /** When it was asked for. */
      readonly list?: FileList | undefined;
    }
  | undefined;

/** Entries between two looks at whether the digest is still wanted. */
const cancelEvery = 64;
/** A file is worth this many bytes of reading, however small. */
const fileCost = 4096;

/**
 * The digest of what a copy takes: each source's name, and path, type, mode, owner, link target,
 * extended attributes and content of all in it, and which names are of one file; never a time.
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
  const listed: FileEntry[] = [];
  let files = 0;
  let bytes = 0;
  let text = "";
  const contentOf = (entry: TreeEntry): string => {
    const known = cache?.get(entry.path, entry.stat);
    if (known !== undefined) return known;
    budget -= Math.max(entry.stat.size, fileCost);
    return budget < 0 ? "" : hashFile(entry, cache, request.cancel);
  };
  for (const source of request.sources) {
    const select = request.literal ? selectLiteral : selectSource;
    for (const { path, name, filter, tookNothing } of select(tree, source, request)) {
      text += `source ${name}\0`;
      let took = 0;
      const linked = new Map<string, string>();
      const visit = (entry: TreeEntry): boolean => {
        if (budget < 0 || ++files > mostEntries) return false;
        if (files % cancelEvery === 0) throwIfCancelled(request.cancel);
        took++;
        const { stat } = entry;
        bytes += stat.isFile() ? stat.size : 0;
        const owner = request.ignoreOwner || tree.client ? "" : `${stat.uid}:${stat.gid}`;
        const mode = request.ignoreMode && !stat.isSymbolicLink() ? stat.mode & 0o170000 : stat.mode;
        const rest = stat.isFile()
          ? contentOf(entry)
          : stat.isSymbolicLink()
            ? readlinkSync(entry.absolute, "latin1")
            : stat.isDirectory()
              ? ""
              : String(stat.rdev);
        const xattrs = tree.client || stat.isSymbolicLink() ? "" : xattrsOf(entry.absolute);
        const twin = stat.isFile() && stat.nlink > 1 ? twinOf(entry, linked) : "";
        text += `${mode.toString(8)} ${owner} ${entry.below}\0${rest}\0${xattrs}${twin}`;
        if (request.list) {
          listed.push([toText(entry.path), `${mode.toString(8)} ${owner}`, shortened(rest + xattrs + twin)]);
        }
        if (text.length > 65_536) {
          hasher.update(text);
          text = "";
        }
        return true;
      };
      walkTree(tree, path, visit, filter);
      if (took === 1) tookNothing();
      // What a filter leaves out was not looked at.
      if (!filter) walked.push(path);
    }
  }
  const gaveUp = budget < 0 || files > mostEntries;
  if (!request.readOnly) cache?.save(gaveUp ? [] : walked);
  if (gaveUp) return undefined;
  const digest = hasher.update(text).digest();
  return { digest, files, bytes, ...(request.list && { list: fileList(listed) }) };
}

/** Enough to tell two contents apart. */
function shortened(content: string): string {
  if (content === "") return "";
  return /^[0-9a-f]{64}$/.test(content) ? content.slice(0, 16) : hash("sha256", content, "hex").slice(0, 16);
}

/** For a file that another name of the same source was taken of before: a copy makes it that file again. */
function twinOf({ below, stat }: TreeEntry, known: Map<string, string>): string {
  const file = `${stat.dev}:${stat.ino}`;
  const first = known.get(file);
  if (first === undefined) known.set(file, below);
  return first === undefined ? "" : `link ${first}\0`;
}

function xattrsOf(path: string | Buffer): string {
  return copiedXattrs(path)
    .map(([name, value]) => `xattr ${name} ${Buffer.from(value).toString("hex")}\0`)
    .join("");
}

const wholeRead = 4 << 20;
let chunk: Buffer | undefined;

function hashFile(
  { absolute, path, stat }: TreeEntry,
  cache: StatCache | undefined,
  cancel: CancelFlag | undefined,
): string {
  const sha256 = stat.size <= wholeRead ? hash("sha256", readFileSync(absolute), "hex") : hashLarge(absolute, cancel);
  cache?.set(path, stat, sha256);
  return sha256;
}

function hashLarge(path: string | Buffer, cancel: CancelFlag | undefined): string {
  const hasher = createHash("sha256");
  chunk ??= Buffer.allocUnsafe(1 << 20);
  const file = openSync(path, "r");
  try {
    for (let got = readSync(file, chunk); got > 0; got = readSync(file, chunk)) {
      throwIfCancelled(cancel);
      hasher.update(chunk.subarray(0, got));
    }
  } finally {
    closeSync(file);
  }
  return hasher.digest("hex");
}
