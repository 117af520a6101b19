import { inflateRawSync } from "node:zlib";
import type { ReadAt } from "../elf-layout.ts";

/** What is read of one archive: its list, and entries in it. */
const most = { list: 32 * 1024 * 1024, entries: 100_000 };
const endSize = 22;
/** The end of the list may be followed by a comment. */
const longestEnd = endSize + 0xffff;
const marks = { end: 0x06054b50, entry: 0x02014b50, local: 0x04034b50 } as const;

/** A file in a zip archive. */
export interface ZipEntry {
  readonly name: string;
  /** Bytes when unpacked, as the archive says. */
  readonly size: number;
  readonly packed: number;
  readonly method: number;
  readonly place: number;
}

/**
 * The list of a zip archive (APPNOTE.TXT, 4.3.12), encrypted entries left out; undefined for what is no archive, or one past the bounds of the
 * first format (4 GB, 65,535 files).
 * @param size of the file.
 */
export function zipEntries(read: ReadAt, size: number): readonly ZipEntry[] | undefined {
  const tailStart = Math.max(0, size - longestEnd);
  const tail = read(tailStart, Math.min(size, longestEnd));
  const end = findEnd(tail);
  if (end === undefined) return undefined;
  const [count, length, start] = [
    tail.readUInt16LE(end + 10),
    tail.readUInt32LE(end + 12),
    tail.readUInt32LE(end + 16),
  ];
  // What lies before the archive, as a program that unpacks itself, shifts all places.
  const shift = tailStart + end - length - start;
  if (count === 0xffff || start === 0xffffffff || shift < 0 || length > most.list) return undefined;
  const list = read(start + shift, length);
  const entries: ZipEntry[] = [];
  for (let at = 0; at + 46 <= list.length && entries.length < most.entries && entries.length < count;) {
    if (list.readUInt32LE(at) !== marks.entry) break;
    const [nameLength, extra, comment] = [
      list.readUInt16LE(at + 28),
      list.readUInt16LE(at + 30),
      list.readUInt16LE(at + 32),
    ];
    if ((list.readUInt16LE(at + 8) & 1) === 0) {
      entries.push({
        name: list.toString("utf8", at + 46, at + 46 + nameLength),
        method: list.readUInt16LE(at + 10),
        packed: list.readUInt32LE(at + 20),
        size: list.readUInt32LE(at + 24),
        place: list.readUInt32LE(at + 42) + shift,
      });
    }
    at += 46 + nameLength + extra + comment;
  }
  return entries;
}

function findEnd(tail: Buffer): number | undefined {
  for (let at = tail.length - endSize; at >= 0; at--) {
    if (
      tail[at] === 0x50 &&
      tail.readUInt32LE(at) === marks.end &&
      at + endSize + tail.readUInt16LE(at + 20) <= tail.length
    )
      return at;
  }
  return undefined;
}

/** The bytes of an entry; undefined for one that is larger than it may be, damaged, or packed otherwise than by deflate. */
export function zipContent(read: ReadAt, entry: ZipEntry, limit: number): Buffer | undefined {
  if (entry.size > limit || entry.packed > limit) return undefined;
  const head = read(entry.place, 30);
  if (head.length < 30 || head.readUInt32LE(0) !== marks.local) return undefined;
  const packed = read(entry.place + 30 + head.readUInt16LE(26) + head.readUInt16LE(28), entry.packed);
  if (packed.length !== entry.packed) return undefined;
  if (entry.method === 0) return packed;
  if (entry.method !== 8) return undefined;
  try {
    return inflateRawSync(packed, { maxOutputLength: limit });
  } catch {
    return undefined;
  }
}
