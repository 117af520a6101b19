import {
  closeSync,
  fstatSync,
  mkdirSync,
  openSync,
  readSync,
  renameSync,
  type Stats,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { dirname } from "node:path";

/**
 * Digests of files that have not changed since they were hashed, by size, modification and change time and inode.
 * One file a build context: records sorted by path, so that a sorted walk finds each by stepping on.
 */
export interface StatCache {
  /** The content's sha256 as hexadecimal, when the file is as it was. */
  get(path: string, stat: Stats): string | undefined;
  set(path: string, stat: Stats, sha256: string): void;
  /**
   * Writes what is new, and leaves out what has vanished; what was not looked at stays. Two builds at once: the last one wins, and
   * nothing is half-written.
   * @param walked paths that were walked to their end: what is known at or below one and was not asked for is gone.
   */
  save(walked: readonly string[]): void;
}

/** A file that changed this shortly before it was hashed may change again within the same tick of the clock (milliseconds). */
const racy = 20;
/** The same where times are kept in whole seconds (FAT, ext4 with small inodes): there a tick has up to two. */
const racyCoarse = 2020;
const magic = "slipway-stat-2\n\0";
const digestBytes = 32;
const fieldCount = 4;

/**
 * Columns of the records, and all paths as one text: nothing is made for a file that did not change.
 * In the file: magic, count and length of the paths in bytes (float64 each), then the columns in this order, in the machine's byte order.
 */
interface Known {
  readonly count: number;
  /** Four a record: see fieldsOf. */
  readonly fields: Float64Array;
  /** Where each path begins in `paths`, and where the last ends. */
  readonly starts: Float64Array;
  readonly digests: Buffer;
  readonly paths: string;
}

interface Entry {
  readonly path: string;
  readonly fields: readonly number[];
  readonly sha256: string;
}

export function openStatCache(file: string): StatCache {
  const known = load(file) ?? none;
  const fresh = new Map<string, Entry>();
  const seen = new Uint8Array(known.count);
  let cursor = 0;
  const find = (path: string): number => {
    if (!isAt(known, cursor, path)) cursor = search(known, path);
    return isAt(known, cursor, path) ? cursor++ : -1;
  };
  return {
    get(path, stat) {
      const added = fresh.get(path);
      if (added) return same(added.fields, 0, stat) ? added.sha256 : undefined;
      const at = find(path);
      if (at < 0) return undefined;
      seen[at] = 1;
      return same(known.fields, at * fieldCount, stat) ? digestAt(known, at) : undefined;
    },
    set(path, stat, sha256) {
      const tick = stat.ctimeMs % 1000 === 0 ? racyCoarse : racy;
      const settled = Date.now() - Math.max(stat.ctimeMs, stat.mtimeMs) > tick;
      if (settled) fresh.set(path, { path, fields: fieldsOf(stat), sha256 });
    },
    save(walked) {
      const vanished = (at: number): boolean => seen[at] === 0 && isBelow(pathAt(known, at), walked);
      if (fresh.size === 0 && !seen.some((_, at) => vanished(at))) {
        markUsed(file);
        return;
      }
      const added = [...fresh.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
      const columns = new Columns(known.count + added.length);
      let next = 0;
      for (let at = 0; at < known.count; at++) {
        const path = pathAt(known, at);
        for (let entry = added[next]; entry && entry.path < path; entry = added[++next]) columns.add(entry);
        if (!fresh.has(path) && !vanished(at)) columns.keep(known, at, path);
      }
      for (const entry of added.slice(next)) columns.add(entry);
      columns.write(file);
    },
  };
}

const day = 24 * 60 * 60_000;

/** Its time is that of its last use, within a day: a prune takes those that nobody has used for long. */
function markUsed(file: string): void {
  const now = Date.now();
  const used = statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? now;
  if (used < now - day) utimesSync(file, now / 1000, now / 1000);
}

function fieldsOf({ size, mtimeMs, ctimeMs, ino }: Stats): readonly number[] {
  return [size, mtimeMs, ctimeMs, ino];
}

function same(fields: ArrayLike<number>, at: number, stat: Stats): boolean {
  return (
    fields[at] === stat.size &&
    fields[at + 1] === stat.mtimeMs &&
    fields[at + 2] === stat.ctimeMs &&
    fields[at + 3] === stat.ino
  );
}

function isBelow(path: string, folders: readonly string[]): boolean {
  return folders.some((folder) => folder === "" || path === folder || path.startsWith(`${folder}/`));
}

const none: Known = {
  count: 0,
  fields: new Float64Array(0),
  starts: new Float64Array(1),
  digests: Buffer.alloc(0),
  paths: "",
};

function isAt({ count, starts, paths }: Known, at: number, path: string): boolean {
  if (at >= count) return false;
  const start = starts[at] as number;
  return (starts[at + 1] as number) - start === path.length && paths.startsWith(path, start);
}

function pathAt({ starts, paths }: Known, at: number): string {
  return paths.slice(starts[at], starts[at + 1]);
}

function digestAt({ digests }: Known, at: number): string {
  return digests.toString("hex", at * digestBytes, (at + 1) * digestBytes);
}

/** The first record whose path is not below the wanted one. */
function search(known: Known, path: string): number {
  let low = 0;
  let high = known.count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (pathAt(known, middle) < path) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Collects records in the order of their paths. */
class Columns {
  readonly #fields: Float64Array;
  readonly #starts: Float64Array;
  readonly #digests: Buffer;
  readonly #paths: string[] = [];

  constructor(capacity: number) {
    this.#fields = new Float64Array(capacity * fieldCount);
    this.#starts = new Float64Array(capacity + 1);
    this.#digests = Buffer.allocUnsafe(capacity * digestBytes);
  }

  add({ path, fields, sha256 }: Entry): void {
    const at = this.#path(path);
    this.#fields.set(fields, at * fieldCount);
    this.#digests.write(sha256, at * digestBytes, "hex");
  }

  keep(from: Known, index: number, path: string): void {
    const at = this.#path(path);
    for (let i = 0; i < fieldCount; i++)
      this.#fields[at * fieldCount + i] = from.fields[index * fieldCount + i] as number;
    from.digests.copy(this.#digests, at * digestBytes, index * digestBytes, (index + 1) * digestBytes);
  }

  write(file: string): void {
    const count = this.#paths.length;
    const paths = Buffer.from(this.#paths.join(""));
    const parts = [
      Buffer.from(magic),
      bytesOf(new Float64Array([count, paths.length])),
      bytesOf(this.#fields.subarray(0, count * fieldCount)),
      bytesOf(this.#starts.subarray(0, count + 1)),
      this.#digests.subarray(0, count * digestBytes),
      paths,
    ];
    mkdirSync(dirname(file), { recursive: true });
    const temporary = `${file}.${process.pid}.${Math.random().toString(36).slice(2)}`;
    const fd = openSync(temporary, "wx");
    try {
      for (const part of parts) writeFileSync(fd, part);
    } finally {
      closeSync(fd);
    }
    renameSync(temporary, file);
  }

  #path(path: string): number {
    const at = this.#paths.push(path) - 1;
    this.#starts[at + 1] = (this.#starts[at] as number) + path.length;
    return at;
  }
}

function bytesOf(numbers: Float64Array): Buffer {
  return Buffer.from(numbers.buffer, numbers.byteOffset, numbers.byteLength);
}

/** Undefined for a file that is not there or not whole: then everything is hashed again. */
function load(file: string): Known | undefined {
  const bytes = readAligned(file);
  if (bytes === undefined || bytes.toString("latin1", 0, magic.length) !== magic) return undefined;
  let at = magic.length;
  const numbers = (length: number): Float64Array => {
    const column = new Float64Array(bytes.buffer, bytes.byteOffset + at, length);
    at += column.byteLength;
    return column;
  };
  try {
    const [count = -1, pathBytes = -1] = numbers(2);
    const expected = at + count * (fieldCount * 8 + 8 + digestBytes) + 8 + pathBytes;
    if (bytes.length !== expected) return undefined;
    const fields = numbers(count * fieldCount);
    const starts = numbers(count + 1);
    const digests = bytes.subarray(at, at + count * digestBytes);
    const paths = bytes.toString("utf8", at + digests.length);
    return starts[count] === paths.length ? { count, fields, starts, digests, paths } : undefined;
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** A file's bytes in a buffer of their own, as columns of numbers need them. */
function readAligned(file: string): Buffer | undefined {
  let fd: number;
  try {
    fd = openSync(file, "r");
  } catch {
    return undefined;
  }
  try {
    const bytes = Buffer.from(new ArrayBuffer(fstatSync(fd).size));
    let filled = 0;
    for (let got = -1; got !== 0 && filled < bytes.length; filled += got) {
      got = readSync(fd, bytes, filled, bytes.length - filled, filled);
    }
    return bytes.subarray(0, filled);
  } finally {
    closeSync(fd);
  }
}
