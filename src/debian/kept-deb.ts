import { closeSync, fstatSync, futimesSync, openSync, readSync, renameSync, rmSync, writeSync } from "node:fs";
import { constants, crc32, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { release } from "../base/index.ts";
import type { ControlFile } from "./read-deb.ts";
import { type ListedEntry, wantedEntries } from "./wanted-entries.ts";

/*
 * A package as it is kept once it was unpacked, so that the next base need not decompress its xz again, which is half of the time that a
 * base takes: blocks of zstd, then a table of them with the CRC-32 of each, then the length and CRC-32 of the table. The first block holds the control
 * archive as JSON, the last one the places of the tar's entries, those between the tar of the data. Who wants some entries reads just the blocks
 * that they lie in. A file that is damaged or cut off is not used.
 */

const options = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };
const blockSize = 4 << 20;
const formatName = "slipway-deb 2";
/** Bytes of the length and the sum at the end. */
const endSize = 8;

/** What a package's control archive holds. */
export interface KeptControl {
  readonly control: string;
  readonly controlFiles: readonly ControlFile[];
}

/** Its bytes in the file, its sum, and how many bytes it is unpacked. */
type Block = readonly [packed: number, sum: number, plain: number];

/** Writes a kept package; it gets its name when it is whole. */
export class KeptDebWriter implements Disposable {
  readonly #file: string;
  readonly #temporary: string;
  readonly #blocks: Block[] = [];
  #fd: number | undefined;
  #block: Uint8Array[] = [];
  #size = 0;

  constructor(file: string, { control, controlFiles }: KeptControl) {
    this.#file = file;
    this.#temporary = `${file}.${process.pid}.${Math.random().toString(36).slice(2)}`;
    this.#fd = openSync(this.#temporary, "wx", 0o600);
    const files = controlFiles.map(({ name, mode, data }) => [name, mode, Buffer.from(data).toString("base64")]);
    this.#write(Buffer.from(JSON.stringify([control, files])));
  }

  /** The chunk is held until the block is full: it must not change. */
  push(chunk: Uint8Array): void {
    this.#block.push(chunk);
    this.#size += chunk.length;
    if (this.#size >= blockSize) this.#flush();
  }

  /** @param entries all that the tar has. */
  finish(entries: readonly ListedEntry[]): void {
    this.#flush();
    this.#write(Buffer.from(JSON.stringify(entries), "latin1"));
    const table = Buffer.from(JSON.stringify([formatName, this.#blocks]));
    const end = Buffer.alloc(endSize);
    end.writeUInt32LE(table.length);
    end.writeUInt32LE(crc32(table), 4);
    this.#put(table);
    this.#put(end);
    this.#close();
    renameSync(this.#temporary, this.#file);
  }

  /** Takes away what was not finished. */
  [Symbol.dispose](): void {
    if (this.#fd !== undefined) this.#close();
    rmSync(this.#temporary, { force: true });
  }

  #flush(): void {
    if (this.#size > 0) this.#write(Buffer.concat(this.#block));
    this.#block = [];
    this.#size = 0;
  }

  #write(block: Uint8Array): void {
    const packed = zstdCompressSync(block, options);
    this.#blocks.push([packed.length, crc32(packed), block.length]);
    this.#put(packed);
  }

  #put(bytes: Uint8Array): void {
    if (this.#fd === undefined) throw new Error("a kept package that is closed");
    for (let at = 0; at < bytes.length;) at += writeSync(this.#fd, bytes, at);
  }

  #close(): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }
}

export interface KeptDeb extends KeptControl, Disposable {
  /** The tar in pieces, each good until the next one is asked for. */
  data(): Generator<Uint8Array, void>;
}

/**
 * Opens a kept package and marks it as used.
 * @param only as for wantedEntries: the tar has no others then.
 * @returns undefined when there is none, or what is asked for of it is not whole.
 */
export function openKeptDeb(file: string, only?: readonly string[]): KeptDeb | undefined {
  let fd: number;
  try {
    fd = openSync(file, "r");
  } catch {
    return undefined;
  }
  try {
    const blocks = readTable(fd);
    const [head, tail] = [blocks?.[0], blocks?.at(-1)];
    if (blocks && head && tail && blocks.length > 1) {
      const reader = new BlockReader(fd, Math.max(...blocks.map(({ packed }) => packed)));
      const [control, files] = JSON.parse(reader.plain(head).toString()) as [string, [string, number, string][]];
      const data = blocks.slice(1, -1);
      const all = [{ start: 0, end: data.at(-1)?.end ?? 0 }];
      const ranges =
        only === undefined
          ? all
          : joined(wantedEntries(JSON.parse(reader.plain(tail).toString("latin1")) as ListedEntry[], only));
      const needed = partsOf(data, ranges);
      for (const { block } of needed) reader.checked(block);
      const now = new Date();
      futimesSync(fd, now, now);
      return {
        control,
        controlFiles: files.map(([name, mode, bytes]) => ({ name, mode, data: Buffer.from(bytes, "base64") })),
        data: function* () {
          for (const { block, parts } of needed) {
            const plain = reader.plain(block);
            for (const { start, end } of parts)
              yield plain.subarray(Math.max(start - block.start, 0), Math.min(end, block.end) - block.start);
            release(plain);
          }
        },
        [Symbol.dispose]: () => closeSync(fd),
      };
    }
  } catch (error) {
    if (!(error instanceof Damaged || error instanceof SyntaxError)) {
      closeSync(fd);
      throw error;
    }
  }
  closeSync(fd);
  return undefined;
}

class Damaged extends Error {
  constructor() {
    super("a kept package is damaged");
  }
}

interface PlacedBlock {
  /** Where it is in the file, and how long. */
  readonly offset: number;
  readonly packed: number;
  readonly sum: number;
  /** Which bytes of the tar it has. */
  readonly start: number;
  readonly end: number;
}

/** Undefined for another format, and for a file that is cut off. */
function readTable(fd: number): readonly PlacedBlock[] | undefined {
  const { size } = fstatSync(fd);
  if (size < endSize) return undefined;
  const end = readAt(fd, Buffer.alloc(endSize), size - endSize);
  const length = end.readUInt32LE(0);
  if (length > size - endSize) return undefined;
  const table = readAt(fd, Buffer.alloc(length), size - endSize - length);
  if (crc32(table) !== end.readUInt32LE(4)) return undefined;
  const [format, blocks] = JSON.parse(table.toString()) as [string, readonly Block[]];
  if (format !== formatName) return undefined;
  let [offset, start] = [0, 0];
  return blocks.map(([packed, sum, plain], at) => {
    const placed = { offset, packed, sum, start, end: start + plain };
    offset += packed;
    // The first one is none of the tar.
    start = at === 0 ? 0 : placed.end;
    return placed;
  });
}

/** Reads blocks into one memory. */
class BlockReader {
  readonly #fd: number;
  readonly #memory: Buffer;

  /** @param most bytes of the largest. */
  constructor(fd: number, most: number) {
    this.#fd = fd;
    this.#memory = Buffer.allocUnsafe(most);
  }

  /** @throws Damaged */
  checked(block: PlacedBlock): Buffer {
    const packed = readAt(this.#fd, this.#memory.subarray(0, block.packed), block.offset);
    if (crc32(packed) !== block.sum) throw new Damaged();
    return packed;
  }

  plain(block: PlacedBlock): Buffer {
    return zstdDecompressSync(this.checked(block));
  }
}

function readAt(fd: number, into: Buffer, from: number): Buffer {
  for (let at = 0; at < into.length;) {
    const read = readSync(fd, into, at, into.length - at, from + at);
    if (read === 0) throw new Damaged();
    at += read;
  }
  return into;
}

interface Range {
  readonly start: number;
  readonly end: number;
}

/** Those that lie on each other made one, so that a long one is few. */
function joined(ranges: readonly Range[]): readonly Range[] {
  const found: { start: number; end: number }[] = [];
  for (const { start, end } of ranges) {
    const last = found.at(-1);
    if (last?.end === start) last.end = end;
    else found.push({ start, end });
  }
  return found;
}

/** The blocks that ranges lie in, with what of them is wanted. Both are in order. */
function partsOf(
  blocks: readonly PlacedBlock[],
  ranges: readonly Range[],
): readonly { readonly block: PlacedBlock; readonly parts: readonly Range[] }[] {
  let first = 0;
  return blocks.flatMap((block) => {
    const parts: Range[] = [];
    while ((ranges[first]?.end ?? Infinity) <= block.start) first++;
    for (let at = first; ; at++) {
      const range = ranges[at];
      if (!range || range.start >= block.end) return parts.length > 0 ? [{ block, parts }] : [];
      parts.push(range);
    }
  });
}
