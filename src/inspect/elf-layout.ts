/** Gives bytes of a file; fewer than asked for at its end. */
export type ReadAt = (offset: number, length: number) => Buffer;

/** Far more than any real file has; what is hostile ends here. */
const most = { headers: 256, sections: 4096, section: 256, names: 1 << 20 };

/** A part of the file that becomes memory (elf(5), "Program header"). */
export interface Segment {
  readonly type: number;
  readonly flags: number;
  readonly offset: number;
  readonly address: number;
  /** Bytes in the file. */
  readonly size: number;
}

/** A named part of the file (elf(5), "Section header"). */
interface Section {
  readonly name: string;
  readonly offset: number;
  readonly size: number;
}

export const PT_LOAD = 1;

/** Where things are in a program or library. */
export interface ElfLayout {
  readonly bits: 32 | 64;
  readonly littleEndian: boolean;
  /** e_type. */
  readonly type: number;
  /** e_machine. */
  readonly machine: number;
  readonly segments: readonly Segment[];
  /** How its numbers are written. */
  readonly at: Numbers;
  /** Reads the section headers, when asked. Throws RangeError for what no file can have. */
  sections(): readonly Section[];
}

/**
 * Reads the headers of a program or a library, of any class and byte order. Throws RangeError for one that is cut off.
 * @returns undefined for what is no ELF file; "broken" for one that makes no sense.
 */
export function readLayout(read: ReadAt): ElfLayout | "broken" | undefined {
  const header = read(0, 64);
  if (header.toString("latin1", 0, 4) !== "\x7fELF") return undefined;
  const bits = header[4] === 2 ? 64 : header[4] === 1 ? 32 : undefined;
  const littleEndian = header[5] === 1;
  if (bits === undefined || (!littleEndian && header[5] !== 2)) return "broken";
  const at = numbers(bits, littleEndian);
  const wide = bits === 64;
  const start = at.word(header, wide ? 32 : 28);
  const size = at.half(header, wide ? 54 : 42);
  const count = at.half(header, wide ? 56 : 44);
  if (count > most.headers || (count > 0 && size < (wide ? 56 : 32))) return "broken";
  const segments: Segment[] = [];
  for (let number = 0; number < count; number++) segments.push(segmentIn(read(start + number * size, size), bits, at));
  const sections = (): readonly Section[] => sectionsIn(read, header, bits, at);
  return { bits, littleEndian, type: at.half(header, 16), machine: at.half(header, 18), segments, at, sections };
}

interface Numbers {
  readonly half: (bytes: Buffer, at: number) => number;
  readonly int: (bytes: Buffer, at: number) => number;
  /** An address or offset: 4 or 8 bytes. Throws RangeError for what no file can have. */
  readonly word: (bytes: Buffer, at: number) => number;
  readonly wide: (bytes: Buffer, at: number) => bigint;
}

function numbers(bits: 32 | 64, little: boolean): Numbers {
  const int = (bytes: Buffer, at: number): number => (little ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at));
  const wide = (bytes: Buffer, at: number): bigint => {
    if (bits === 32) return BigInt(int(bytes, at));
    return little ? bytes.readBigUInt64LE(at) : bytes.readBigUInt64BE(at);
  };
  return {
    half: (bytes, at) => (little ? bytes.readUInt16LE(at) : bytes.readUInt16BE(at)),
    int,
    wide,
    word: (bytes, at) => {
      const value = Number(wide(bytes, at));
      if (!Number.isSafeInteger(value)) throw new RangeError("an offset is larger than any file");
      return value;
    },
  };
}

function segmentIn(bytes: Buffer, bits: 32 | 64, at: Numbers): Segment {
  const [flags, offset, address, size] = bits === 64 ? [4, 8, 16, 32] : [24, 4, 8, 16];
  return {
    type: at.int(bytes, 0),
    flags: at.int(bytes, flags),
    offset: at.word(bytes, offset),
    address: Number(at.wide(bytes, address)),
    size: at.word(bytes, size),
  };
}

function sectionsIn(read: ReadAt, header: Buffer, bits: 32 | 64, at: Numbers): readonly Section[] {
  const wide = bits === 64;
  const start = at.word(header, wide ? 40 : 32);
  const size = at.half(header, wide ? 58 : 46);
  const count = at.half(header, wide ? 60 : 48);
  const names = at.half(header, wide ? 62 : 50);
  if (count > most.sections || names >= count || size < (wide ? 64 : 40) || size > most.section) return [];
  const headers = read(start, size * count);
  const raw = Array.from({ length: count }, (_, number) => {
    const bytes = headers.subarray(number * size, (number + 1) * size);
    const [offset, length] = wide ? [24, 32] : [16, 20];
    return { name: at.int(bytes, 0), offset: at.word(bytes, offset), size: at.word(bytes, length) };
  });
  const table = raw[names];
  const text = table ? read(table.offset, Math.min(table.size, most.names)) : Buffer.alloc(0);
  return raw.map(({ name, ...place }) => {
    const end = name < text.length ? text.indexOf(0, name) : -1;
    return { ...place, name: end < 0 ? "" : text.toString("latin1", name, Math.min(end, name + 256)) };
  });
}

/** Where in the file an address of memory comes from. Throws RangeError for one that no part of the file holds. */
export function offsetOf(segments: readonly Segment[], address: number): number {
  const holder = segments.find(
    (segment) => segment.type === PT_LOAD && address >= segment.address && address < segment.address + segment.size,
  );
  if (!holder) throw new RangeError("an address lies outside of the file");
  return holder.offset + address - holder.address;
}
