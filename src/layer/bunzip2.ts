import type { Bytes } from "../base/index.ts";
import { invalidArchive } from "./invalid.ts";

/** More than any block takes: 900,000 symbols of at most 20 bits, and its tables. */
const mostBlock = 2_400_000;
const blockMagic = 0x314159265359;
const endMagic = 0x177245385090;
/** Symbols that one Huffman table is used for before the next is chosen. */
const groupSize = 50;
const longestCode = 20;

/**
 * The bytes inside bzip2, one block of at most 900 kB at a time; several streams one behind the other are one. Node has no decoder for it.
 * Every block's CRC is checked.
 * @throws SLIP_LAYER_INVALID for damaged or cut streams.
 */
export async function* bunzip2(source: Bytes): Bytes {
  const bits = new BitReader(source);
  /** For one block after the other: anew for each, a file of tiny blocks would cost a hundred thousand times its size. */
  let room = new Uint32Array();
  await bits.fill(4);
  do {
    if (bits.take(24) !== 0x425a68) throw damaged("a stream does not begin as it must");
    const level = bits.take(8) - 0x30;
    if (level < 1 || level > 9) throw damaged("its block size is unknown");
    if (room.length < level * 100_000) room = new Uint32Array(level * 100_000);
    const block = room.subarray(0, level * 100_000);
    let combined = 0;
    for (;;) {
      await bits.fill(mostBlock);
      const magic = bits.take(24) * 0x1000000 + bits.take(24);
      if (magic === endMagic) break;
      if (magic !== blockMagic) throw damaged("a block does not begin as it must");
      const { crc, bytes } = readBlock(bits, block);
      combined = ((combined << 1) | (combined >>> 31)) ^ crc;
      yield bytes;
    }
    if (bits.take32() !== combined >>> 0) throw damaged("its checksum is wrong");
    bits.align();
  } while (await bits.fill(4));
}

function readBlock(bits: BitReader, block: Uint32Array): { readonly crc: number; readonly bytes: Uint8Array } {
  const crc = bits.take32();
  if (bits.take(1) === 1) throw damaged("it is of a version that nothing writes any more");
  const origin = bits.take(24);
  const symbols = readAlphabet(bits);
  const { tables, selectors } = readTables(bits, symbols.length + 2);
  const counts = new Int32Array(256);
  const length = readSymbols(bits, symbols, tables, selectors, block, counts);
  if (origin >= length) throw damaged("a block's origin lies outside of it");
  const bytes = expandRuns(block, untransform(block, length, origin, counts), length);
  if (crcOf(bytes) !== crc) throw damaged("a block's checksum is wrong");
  return { crc, bytes };
}

/** The bytes that occur, as two levels of bit maps. */
function readAlphabet(bits: BitReader): Uint8Array {
  const ranges = bits.take(16);
  const found: number[] = [];
  for (let range = 0; range < 16; range++) {
    if (((ranges >> (15 - range)) & 1) === 0) continue;
    const map = bits.take(16);
    for (let at = 0; at < 16; at++) if (((map >> (15 - at)) & 1) === 1) found.push(range * 16 + at);
  }
  if (found.length === 0) throw damaged("a block has no symbols");
  return Uint8Array.from(found);
}

/** A canonical Huffman code: for each length the last code, and where its symbols are. */
interface Table {
  readonly limit: Int32Array;
  readonly offset: Int32Array;
  readonly order: Uint16Array;
}

function readTables(
  bits: BitReader,
  alphabet: number,
): { readonly tables: readonly Table[]; readonly selectors: Uint8Array } {
  const count = bits.take(3);
  const groups = bits.take(15);
  if (count < 2 || count > 6 || groups === 0) throw damaged("a block's tables are wrong");
  const recent = Array.from({ length: count }, (_, at) => at);
  const selectors = new Uint8Array(groups);
  for (let group = 0; group < groups; group++) {
    let at = 0;
    while (bits.take(1) === 1) if (++at >= count) throw damaged("a block chooses a table that it has not");
    const [chosen] = recent.splice(at, 1) as [number];
    recent.unshift(chosen);
    selectors[group] = chosen;
  }
  const tables = Array.from({ length: count }, () => {
    const lengths = new Uint8Array(alphabet);
    let length = bits.take(5);
    for (let symbol = 0; symbol < alphabet; symbol++) {
      for (;;) {
        if (length < 1 || length > longestCode) throw damaged("a code is too long");
        if (bits.take(1) === 0) break;
        length += bits.take(1) === 0 ? 1 : -1;
      }
      lengths[symbol] = length;
    }
    return makeTable(lengths);
  });
  return { tables, selectors };
}

function makeTable(lengths: Uint8Array): Table {
  const limit = new Int32Array(longestCode + 1).fill(-1);
  const offset = new Int32Array(longestCode + 1);
  const order = new Uint16Array(lengths.length);
  let code = 0;
  let placed = 0;
  for (let length = 1; length <= longestCode; length++) {
    offset[length] = placed - code;
    for (let symbol = 0; symbol < lengths.length; symbol++) {
      if (lengths[symbol] !== length) continue;
      order[placed++] = symbol;
      code++;
    }
    if (placed > 0) limit[length] = code - 1;
    code <<= 1;
  }
  return { limit, offset, order };
}

/** Undoes Huffman, runs and move-to-front; the block's bytes as they were sorted. Returns how many there are. */
function readSymbols(
  bits: BitReader,
  symbols: Uint8Array,
  tables: readonly Table[],
  selectors: Uint8Array,
  block: Uint32Array,
  counts: Int32Array,
): number {
  const end = symbols.length + 1;
  const recent = symbols.slice();
  let length = 0;
  let run = 0;
  let weight = 1;
  for (let group = 0; group < selectors.length; group++) {
    const table = tables[selectors[group]!]!;
    for (let at = 0; at < groupSize; at++) {
      const symbol = readSymbol(bits, table);
      if (symbol < 2) {
        run += weight << symbol;
        weight <<= 1;
        if (run > block.length) throw damaged("a block is too long");
        continue;
      }
      if (run > 0) {
        if (length + run > block.length) throw damaged("a block is too long");
        const byte = recent[0]!;
        block.fill(byte, length, length + run);
        counts[byte]! += run;
        length += run;
        run = 0;
        weight = 1;
      }
      if (symbol === end) return length;
      if (length >= block.length) throw damaged("a block is too long");
      const byte = recent[symbol - 1]!;
      recent.copyWithin(1, 0, symbol - 1);
      recent[0] = byte;
      block[length++] = byte;
      counts[byte]!++;
    }
  }
  throw damaged("a block has no end");
}

function readSymbol(bits: BitReader, { limit, offset, order }: Table): number {
  let code = 0;
  for (let length = 1; length <= longestCode; length++) {
    code = (code << 1) | bits.take(1);
    if (code > limit[length]!) continue;
    const symbol = order[code + offset[length]!];
    if (symbol !== undefined) return symbol;
  }
  throw damaged("a code stands for nothing");
}

/** Undoes the Burrows-Wheeler transform: links every byte to its successor, above the byte itself. Returns where to begin. */
function untransform(block: Uint32Array, length: number, origin: number, counts: Int32Array): number {
  const starts = new Int32Array(256);
  for (let byte = 0, sum = 0; byte < 256; byte++) {
    starts[byte] = sum;
    sum += counts[byte]!;
  }
  for (let at = 0; at < length; at++) {
    const to = starts[block[at]! & 0xff]!++;
    block[to] = (block[to]! & 0xff) | (at << 8);
  }
  return block[origin]! >>> 8;
}

/** Follows the links; after four equal bytes the next one says how many more there are. */
function expandRuns(block: Uint32Array, start: number, length: number): Uint8Array {
  let out = new Uint8Array(length + (length >> 2));
  let size = 0;
  let equal = 0;
  let last = -1;
  let at = start;
  for (let left = length; left > 0; left--) {
    const entry = block[at]!;
    const byte = entry & 0xff;
    at = entry >>> 8;
    if (size + 256 > out.length) {
      const larger = new Uint8Array(out.length * 2 + 256);
      larger.set(out);
      out = larger;
    }
    if (equal === 4) {
      out.fill(last, size, size + byte);
      size += byte;
      equal = 0;
      last = -1;
      continue;
    }
    equal = byte === last ? equal + 1 : 1;
    last = byte;
    out[size++] = byte;
  }
  return out.subarray(0, size);
}

const crcTable = Uint32Array.from({ length: 256 }, (_, index) => {
  let crc = index << 24;
  for (let bit = 0; bit < 8; bit++) crc = crc < 0 ? (crc << 1) ^ 0x04c11db7 : crc << 1;
  return crc;
});

/** CRC-32 with the highest bit first, unlike zlib's. */
function crcOf(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (crc << 8) ^ crcTable[((crc >>> 24) ^ byte) & 0xff]!;
  return ~crc >>> 0;
}

/** Bits, the highest first. */
class BitReader {
  readonly #source: AsyncIterator<Uint8Array>;
  #bytes: Uint8Array = new Uint8Array();
  #at = 0;
  #ended = false;
  /** Bits that were taken from the last byte's end, and are not used yet. */
  #held = 0;
  #count = 0;

  constructor(source: Bytes) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** Reads on until that many bytes are there, or the end. False when nothing is left at all. */
  async fill(wanted: number): Promise<boolean> {
    const chunks: Uint8Array[] = [this.#bytes.subarray(this.#at)];
    let length = this.#bytes.length - this.#at;
    if (length >= wanted || this.#ended) return length > 0;
    while (length < wanted && !this.#ended) {
      const step = await this.#source.next();
      if (step.done === true) this.#ended = true;
      else {
        chunks.push(step.value);
        length += step.value.byteLength;
      }
    }
    this.#bytes = Buffer.concat(chunks);
    this.#at = 0;
    return length > 0;
  }

  /** At most 24 bits. */
  take(count: number): number {
    while (this.#count < count) {
      if (this.#at >= this.#bytes.length) throw invalidArchive("its bzip2 data are cut off");
      this.#held = (this.#held << 8) | this.#bytes[this.#at++]!;
      this.#count += 8;
    }
    this.#count -= count;
    const value = this.#held >>> this.#count;
    this.#held &= (1 << this.#count) - 1;
    return value;
  }

  take32(): number {
    return this.take(16) * 0x10000 + this.take(16);
  }

  align(): void {
    this.#held = 0;
    this.#count = 0;
  }
}

function damaged(what: string): Error {
  return invalidArchive(`its bzip2 data are damaged: ${what}`);
}
