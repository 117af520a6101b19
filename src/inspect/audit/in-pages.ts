import type { ReadAt } from "../elf-layout.ts";

const page = 8192;

/** The same bytes, read in pages that are kept: what is told of a program lies in few places, and is asked for in many small pieces. */
export function inPages(read: ReadAt): ReadAt {
  const pages = new Map<number, Buffer>();
  const pageAt = (number: number): Buffer => {
    const known = pages.get(number);
    if (known) return known;
    const bytes = read(number * page, page);
    pages.set(number, bytes);
    return bytes;
  };
  return (offset, length) => {
    const first = Math.floor(offset / page);
    const at = offset - first * page;
    if (length > page || !Number.isSafeInteger(offset) || offset < 0) return read(offset, length);
    const bytes = pageAt(first);
    if (at + length <= bytes.length || bytes.length < page) return bytes.subarray(at, at + length);
    return Buffer.concat([bytes.subarray(at), pageAt(first + 1)]).subarray(0, length);
  };
}
