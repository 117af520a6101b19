import type { OpenFile } from "../in-root.ts";

/** Of the first page (Berkeley DB, dbinc/db_page.h, "DBMETA" and "HMETA33"). */
const magic = 0x061561;
const pageHead = 26;
const types = { hashUnsorted: 2, overflow: 7, meta: 8, hash: 13 } as const;
/** How an item lies in a page of the table: as it is, or on pages of its own. */
const items = { plain: 1, offPage: 3 } as const;

interface Numbers {
  readonly half: (bytes: Buffer, at: number) => number;
  readonly word: (bytes: Buffer, at: number) => number;
}

const numbers = (little: boolean): Numbers => ({
  half: (bytes, at) => (little ? bytes.readUInt16LE(at) : bytes.readUInt16BE(at)),
  word: (bytes, at) => (little ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at)),
});

interface Table {
  readonly file: OpenFile;
  readonly pageSize: number;
  readonly at: Numbers;
}

/**
 * Values of a hash table of Berkeley DB, in which rpm kept its headers before 4.16. Every page is looked at in its place, so that damaged chains of
 * buckets lose nothing.
 * @returns false for what is no such table; damaged items are passed over. Throws RangeError for a file that is cut off.
 */
export function* bdbHeaders(
  file: OpenFile,
  most: { readonly pages: number; readonly header: number },
): Generator<Buffer, boolean> {
  const meta = file.read(0, 512);
  if (meta.length < 512) return false;
  const little = meta.readUInt32LE(12) === magic;
  const at = numbers(little);
  const pageSize = at.word(meta, 20);
  const fits = pageSize >= 512 && pageSize <= 65_536 && (pageSize & (pageSize - 1)) === 0;
  if (at.word(meta, 12) !== magic || meta[25] !== types.meta || meta[24] !== 0 || !fits) return false;
  const table: Table = { file, pageSize, at };
  const last = Math.min(at.word(meta, 32), Math.floor(file.stats.size / pageSize), most.pages);
  for (let number = 1; number <= last; number++) {
    const page = file.read(number * pageSize, pageSize);
    if (page.length < pageSize) break;
    if (page[25] === types.hash || page[25] === types.hashUnsorted) yield* values(page, table, most.header);
  }
  return true;
}

/** Items of a page are keys and values by turns; they lie from its end downwards. */
function* values(page: Buffer, table: Table, longest: number): Generator<Buffer> {
  const { pageSize, at } = table;
  const count = Math.min(at.half(page, 20), (pageSize - pageHead) >> 1);
  const place = (index: number): number => at.half(page, pageHead + index * 2);
  for (let index = 1; index < count; index += 2) {
    const [start, end] = [place(index), place(index - 1)];
    if (start < pageHead || start >= end || end > pageSize) continue;
    if (page[start] === items.plain) yield page.subarray(start + 1, end);
    if (page[start] !== items.offPage || end - start < 12) continue;
    const length = at.word(page, start + 8);
    const value = length <= longest ? chained(at.word(page, start + 4), length, table) : undefined;
    if (value) yield value;
  }
}

/** A value on pages of its own, each naming the next; undefined where the chain ends too early or leads elsewhere. */
function chained(first: number, length: number, { file, pageSize, at }: Table): Buffer | undefined {
  const parts: Buffer[] = [];
  let left = length;
  for (let number = first; left > 0;) {
    const page = number === 0 ? Buffer.alloc(0) : file.read(number * pageSize, pageSize);
    if (page.length < pageSize || page[25] !== types.overflow) return undefined;
    const part = page.subarray(pageHead, pageHead + Math.min(left, at.half(page, 22), pageSize - pageHead));
    if (part.length === 0) return undefined;
    parts.push(part);
    left -= part.length;
    number = at.word(page, 16);
  }
  return Buffer.concat(parts);
}
