/** What execve(2) and ld.so(8) read of a program or library (elf(5)). */
export interface Elf {
  readonly bits: 32 | 64;
  readonly littleEndian: boolean;
  /** e_machine. */
  readonly machine: number;
  /** The loader that a dynamic program asks for. */
  readonly interpreter: string | undefined;
  /** Names of libraries, in order. */
  readonly needed: readonly string[];
  /** Folders that are looked in for them; `$ORIGIN` and its kind are not replaced. */
  readonly rpath: readonly string[];
  readonly runpath: readonly string[];
  /** Only those folders (DF_1_NODEFLIB). */
  readonly noDefaultFolders: boolean;
}

/** Gives bytes of a file; fewer than asked for at its end. */
export type ReadAt = (offset: number, length: number) => Buffer;

const PT_LOAD = 1;
const PT_DYNAMIC = 2;
const PT_INTERP = 3;
const DT_NEEDED = 1;
const DT_STRTAB = 5;
const DT_RPATH = 15;
const DT_RUNPATH = 29;
const DT_FLAGS_1 = 0x6ffffffb;
const DF_1_NODEFLIB = 0x800n;

/** Far more than any real file has; what is hostile ends here. */
const most = { headers: 256, dynamic: 4096, text: 4096 };

interface Segment {
  readonly type: number;
  readonly offset: number;
  readonly address: number;
  readonly size: number;
}

/**
 * Reads a program or a library, of any class and byte order. Only what is asked for is read of the file.
 * @returns undefined for what is no ELF file; "broken" for one that is cut off or makes no sense.
 */
export function readElf(read: ReadAt): Elf | "broken" | undefined {
  const ident = read(0, 16);
  if (ident.toString("latin1", 0, 4) !== "\x7fELF") return undefined;
  try {
    return parse(read, ident);
  } catch (error) {
    if (error instanceof RangeError) return "broken";
    throw error;
  }
}

function parse(read: ReadAt, ident: Buffer): Elf | "broken" {
  const bits = ident[4] === 2 ? 64 : ident[4] === 1 ? 32 : undefined;
  const littleEndian = ident[5] === 1;
  if (bits === undefined || (!littleEndian && ident[5] !== 2)) return "broken";
  const at = numbers(bits, littleEndian);
  const header = read(0, 64);
  const machine = at.half(header, 18);
  const [start, size, count] =
    bits === 64
      ? [at.word(header, 32), at.half(header, 54), at.half(header, 56)]
      : [at.word(header, 28), at.half(header, 42), at.half(header, 44)];
  if (count > most.headers || (count > 0 && size < (bits === 64 ? 56 : 32))) return "broken";
  const segments: Segment[] = [];
  for (let number = 0; number < count; number++) segments.push(segmentIn(read(start + number * size, size), bits, at));

  const named = segments.find(({ type }) => type === PT_INTERP);
  const interpreter = named && text(read, named.offset, Math.min(named.size, most.text));
  const dynamic = segments.find(({ type }) => type === PT_DYNAMIC);
  const entries = dynamic ? entriesIn(read, dynamic, bits, at) : [];
  const table = entries.find(([tag]) => tag === DT_STRTAB)?.[1];
  const strings = table === undefined ? undefined : offsetOf(segments, Number(table));
  const textsOf = (tag: number): string[] =>
    strings === undefined
      ? []
      : entries.filter((entry) => entry[0] === tag).map(([, value]) => text(read, strings + Number(value), most.text));
  const foldersOf = (tag: number): string[] => textsOf(tag).flatMap((list) => list.split(":").filter(Boolean));
  return {
    bits,
    littleEndian,
    machine,
    interpreter,
    needed: textsOf(DT_NEEDED),
    rpath: foldersOf(DT_RPATH),
    runpath: foldersOf(DT_RUNPATH),
    noDefaultFolders: entries.some(([tag, value]) => tag === DT_FLAGS_1 && (value & DF_1_NODEFLIB) !== 0n),
  };
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
  const [offset, address, size] = bits === 64 ? [8, 16, 32] : [4, 8, 16];
  return {
    type: at.int(bytes, 0),
    offset: at.word(bytes, offset),
    address: Number(at.wide(bytes, address)),
    size: at.word(bytes, size),
  };
}

function entriesIn(
  read: ReadAt,
  { offset, size }: Segment,
  bits: 32 | 64,
  at: Numbers,
): readonly (readonly [tag: number, value: bigint])[] {
  const width = bits / 4;
  const bytes = read(offset, Math.min(size, most.dynamic * width));
  const entries: [number, bigint][] = [];
  for (let place = 0; place + width <= bytes.length; place += width) {
    const tag = Number(at.wide(bytes, place));
    if (tag === 0) return entries;
    entries.push([tag, at.wide(bytes, place + width / 2)]);
  }
  return entries;
}

/** Where in the file an address of memory comes from. */
function offsetOf(segments: readonly Segment[], address: number): number {
  const holder = segments.find(
    (segment) => segment.type === PT_LOAD && address >= segment.address && address < segment.address + segment.size,
  );
  if (!holder) throw new RangeError("the names lie outside of the file");
  return holder.offset + address - holder.address;
}

function text(read: ReadAt, offset: number, longest: number): string {
  const bytes = read(offset, longest);
  const end = bytes.indexOf(0);
  if (end < 0) throw new RangeError("a name has no end");
  return bytes.toString("latin1", 0, end);
}
