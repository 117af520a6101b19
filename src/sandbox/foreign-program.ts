/** What tells ELF files of an architecture apart: class and byte order of `e_ident`, `e_machine` and `e_flags`. */
interface ElfKind {
  readonly bits: 32 | 64;
  readonly order: "little" | "big";
  readonly machine: number;
  readonly flags?: number | undefined;
}

/** By the names that images have (GOARCH). */
const elfKinds: ReadonlyMap<string, ElfKind> = new Map(
  Object.entries<ElfKind>({
    "386": { bits: 32, order: "little", machine: 3 },
    amd64: { bits: 64, order: "little", machine: 62 },
    arm: { bits: 32, order: "little", machine: 40, flags: 0x5000000 },
    arm64: { bits: 64, order: "little", machine: 183 },
    loong64: { bits: 64, order: "little", machine: 258 },
    mips: { bits: 32, order: "big", machine: 8, flags: 0x70001000 },
    mipsle: { bits: 32, order: "little", machine: 8, flags: 0x70001000 },
    mips64: { bits: 64, order: "big", machine: 8, flags: 0x80000000 },
    mips64le: { bits: 64, order: "little", machine: 8, flags: 0x80000000 },
    ppc64le: { bits: 64, order: "little", machine: 21, flags: 2 },
    riscv64: { bits: 64, order: "little", machine: 243 },
    s390x: { bits: 64, order: "big", machine: 22 },
  }),
);

/** exit(0) in the instructions of each: the number of the call and its argument, then the call. */
const exits: ReadonlyMap<string, readonly number[]> = new Map(
  Object.entries<readonly number[]>({
    "386": [0xb8, 1, 0, 0, 0, 0x31, 0xdb, 0xcd, 0x80],
    amd64: [0xb8, 60, 0, 0, 0, 0x31, 0xff, 0x0f, 0x05],
    arm: words(0xe3a00000, 0xe3a07001, 0xef000000),
    arm64: words(0xd2800000, 0xd2800ba8, 0xd4000001),
    loong64: words(0x03800004, 0x0381740b, 0x002b0000),
    mips: words(0x0000000c, 0x24040000, 0x24020fa1).toReversed(),
    mipsle: words(0x24020fa1, 0x24040000, 0x0000000c),
    mips64: words(0x0000000c, 0x24040000, 0x240213c2).toReversed(),
    mips64le: words(0x240213c2, 0x24040000, 0x0000000c),
    ppc64le: words(0x38000001, 0x38600000, 0x44000002),
    riscv64: words(0x00000513, 0x05d00893, 0x00000073),
    s390x: [0xa7, 0x29, 0, 0, 0x0a, 1],
  }),
);

function words(...code: readonly number[]): readonly number[] {
  return code.flatMap((word) => [0, 8, 16, 24].map((shift) => (word >>> shift) & 0xff));
}

/** Where the program lies in memory: a place that all of them have. */
const address = 0x400000;

/**
 * A whole program that does nothing but end with code 0, for trying whether a machine runs programs of an architecture.
 * @returns undefined for an architecture of which none is known.
 */
export function foreignProgram(architecture: string): Uint8Array | undefined {
  const kind = elfKinds.get(architecture);
  const code = exits.get(architecture);
  if (!kind || !code) return undefined;
  const headers = kind.bits === 64 ? 64 + 56 : 52 + 32;
  const head = new DataView(new ArrayBuffer(headers));
  const little = kind.order === "little";
  const size = headers + code.length;
  writeIdentity(head, kind);
  let at = 24;
  const half = (value: number): void => {
    head.setUint16(at, value, little);
    at += 2;
  };
  const word = (value: number): void => {
    head.setUint32(at, value, little);
    at += 4;
  };
  const long = (value: number): void => {
    if (kind.bits === 32) return word(value);
    head.setBigUint64(at, BigInt(value), little);
    at += 8;
  };
  // The rest of the file's header: entry, where the segments' headers are, where sections' are (none), flags, sizes and counts.
  long(address + headers);
  long(kind.bits === 64 ? 64 : 52);
  long(0);
  word(kind.flags ?? 0);
  for (const value of kind.bits === 64 ? [64, 56, 1, 0, 0, 0] : [52, 32, 1, 0, 0, 0]) half(value);
  // One segment: all of the file, to be read and run.
  word(1);
  if (kind.bits === 64) word(5);
  for (const value of [0, address, address, size, size]) long(value);
  if (kind.bits === 32) word(5);
  long(0x1000);
  return Buffer.concat([new Uint8Array(head.buffer), Uint8Array.from(code)]);
}

function writeIdentity(head: DataView, { bits, order, machine }: ElfKind): void {
  const little = order === "little";
  head.setUint32(0, 0x7f454c46);
  head.setUint8(4, bits === 32 ? 1 : 2);
  head.setUint8(5, little ? 1 : 2);
  head.setUint8(6, 1);
  head.setUint16(16, 2, little);
  head.setUint16(18, machine, little);
  head.setUint32(20, 1, little);
}
