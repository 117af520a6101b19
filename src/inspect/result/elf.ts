import { type ElfLayout, offsetOf, type ReadAt, readLayout, type Segment } from "../elf-layout.ts";

/** What execve(2) and ld.so(8) read of a program or library (elf(5)). */
export interface Elf {
  readonly bits: 32 | 64;
  readonly littleEndian: boolean;
  /** e_type: 1 is a part that is not linked yet, 2 a program, 3 a library or a program that may lie anywhere. */
  readonly type: number;
  /** e_machine. */
  readonly machine: number;
  /** The loader that a dynamic program asks for. */
  readonly interpreter: string | undefined;
  /** The name that others need a library by. */
  readonly soname: string | undefined;
  /** Names of libraries, in order. */
  readonly needed: readonly string[];
  /** Folders that are looked in for them; `$ORIGIN` and its kind are not replaced. */
  readonly rpath: readonly string[];
  readonly runpath: readonly string[];
  /** Only those folders (DF_1_NODEFLIB). */
  readonly noDefaultFolders: boolean;
}

const PT_DYNAMIC = 2;
const PT_INTERP = 3;
const DT_NEEDED = 1;
const DT_STRTAB = 5;
const DT_SONAME = 14;
const DT_RPATH = 15;
const DT_RUNPATH = 29;
const DT_FLAGS_1 = 0x6ffffffb;
const DF_1_NODEFLIB = 0x800n;

/** Far more than any real file has; what is hostile ends here. */
const most = { dynamic: 4096, text: 4096 };

/**
 * Reads a program or a library, of any class and byte order. Only what is asked for is read of the file.
 * @returns undefined for what is no ELF file; "broken" for one that is cut off or makes no sense.
 */
export function readElf(read: ReadAt): Elf | "broken" | undefined {
  try {
    const layout = readLayout(read);
    return typeof layout === "object" ? parse(read, layout) : layout;
  } catch (error) {
    if (error instanceof RangeError) return "broken";
    throw error;
  }
}

function parse(read: ReadAt, { bits, littleEndian, type, machine, segments, at }: ElfLayout): Elf {
  const named = segments.find((segment) => segment.type === PT_INTERP);
  const interpreter = named && text(read, named.offset, Math.min(named.size, most.text));
  const dynamic = segments.find((segment) => segment.type === PT_DYNAMIC);
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
    type,
    machine,
    interpreter,
    soname: textsOf(DT_SONAME)[0],
    needed: textsOf(DT_NEEDED),
    rpath: foldersOf(DT_RPATH),
    runpath: foldersOf(DT_RUNPATH),
    noDefaultFolders: entries.some(([tag, value]) => tag === DT_FLAGS_1 && (value & DF_1_NODEFLIB) !== 0n),
  };
}

/** The dynamic section's entries. Throws RangeError for one that is cut off. */
export function entriesIn(
  read: ReadAt,
  { offset, size }: Segment,
  bits: 32 | 64,
  at: ElfLayout["at"],
): readonly (readonly [tag: number, value: bigint])[] {
  const width = bits / 4;
  const length = Math.min(size, most.dynamic * width);
  const bytes = read(offset, length);
  if (bytes.length < length) throw new RangeError("the dynamic section lies outside of the file");
  const entries: [number, bigint][] = [];
  for (let place = 0; place + width <= bytes.length; place += width) {
    const tag = Number(at.wide(bytes, place));
    if (tag === 0) return entries;
    entries.push([tag, at.wide(bytes, place + width / 2)]);
  }
  return entries;
}

/** A text that ends with a zero byte. Throws RangeError for one without. */
export function text(read: ReadAt, offset: number, longest: number): string {
  const bytes = read(offset, longest);
  const end = bytes.indexOf(0);
  if (end < 0) throw new RangeError("a name has no end");
  return bytes.toString("latin1", 0, end);
}
