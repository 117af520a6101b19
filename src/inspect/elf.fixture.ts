/** What a small ELF file for tests says about itself. */
export interface SmallElf {
  /** e_machine; default: 62, amd64. */
  readonly machine?: number;
  /** e_type; default: 3. */
  readonly type?: number;
  readonly interpreter?: string;
  readonly soname?: string;
  readonly needed?: readonly string[];
  readonly rpath?: string;
  readonly runpath?: string;
  /** Versions that it needs of libraries: `{ "libc.so.6": ["GLIBC_2.38"] }`. */
  readonly versions?: Readonly<Record<string, readonly string[]>>;
  /** Versions that it defines, as a library. */
  readonly defines?: readonly string[];
  /** Bytes at its end. */
  readonly text?: string;
}

const [headerSize, segmentSize] = [64, 56];

/** A 64-bit little-endian program or library that no machine runs, with all that loaders read of one (elf(5)). */
export function smallElf(elf: SmallElf = {}): Buffer {
  const strings = new Strings();
  const dynamic: (readonly [tag: number, value: number])[] = (elf.needed ?? []).map((name) => [1, strings.at(name)]);
  if (elf.soname !== undefined) dynamic.push([14, strings.at(elf.soname)]);
  if (elf.rpath !== undefined) dynamic.push([15, strings.at(elf.rpath)]);
  if (elf.runpath !== undefined) dynamic.push([29, strings.at(elf.runpath)]);
  const needs = versionNeeds(elf.versions ?? {}, strings);
  const definitions = versionDefinitions(elf.defines ?? [], strings);
  const isDynamic = elf.needed !== undefined || elf.soname !== undefined || elf.interpreter !== undefined;

  const segments = 1 + (elf.interpreter === undefined ? 0 : 1) + (isDynamic ? 1 : 0);
  const parts: Buffer[] = [];
  let end = headerSize + segments * segmentSize;
  const place = (bytes: Buffer): number => {
    parts.push(bytes);
    end += bytes.length;
    return end - bytes.length;
  };
  const interpreter = Buffer.from(`${elf.interpreter ?? ""}\0`);
  const interpreterAt = elf.interpreter === undefined ? 0 : place(interpreter);
  const stringsAt = place(strings.bytes());
  const needsAt = place(needs.bytes);
  const definesAt = place(definitions.bytes);
  dynamic.push([5, stringsAt], [10, strings.bytes().length]);
  if (needs.count > 0) dynamic.push([0x6ffffffe, needsAt], [0x6fffffff, needs.count]);
  if (definitions.count > 0) dynamic.push([0x6ffffffc, definesAt], [0x6ffffffd, definitions.count]);
  dynamic.push([0, 0]);
  const table = Buffer.concat(dynamic.map(([tag, value]) => Buffer.concat([u64(tag), u64(value)])));
  const dynamicAt = place(isDynamic ? table : Buffer.alloc(0));
  place(Buffer.from(`${elf.text ?? ""}\0`, "latin1"));

  const header = Buffer.alloc(headerSize);
  header.write("\x7fELF\x02\x01\x01", "latin1");
  header.writeUInt16LE(elf.type ?? 3, 16);
  header.writeUInt16LE(elf.machine ?? 62, 18);
  header.writeBigUInt64LE(BigInt(headerSize), 32);
  header.writeUInt16LE(segmentSize, 54);
  header.writeUInt16LE(segments, 56);
  return Buffer.concat([
    header,
    segment(1, 0, end),
    ...(elf.interpreter === undefined ? [] : [segment(3, interpreterAt, interpreter.length)]),
    ...(isDynamic ? [segment(2, dynamicAt, table.length)] : []),
    ...parts,
  ]);
}

class Strings {
  #text = "\0";

  at(text: string): number {
    const place = Buffer.byteLength(this.#text, "latin1");
    this.#text += `${text}\0`;
    return place;
  }

  bytes(): Buffer {
    return Buffer.from(this.#text, "latin1");
  }
}

function segment(type: number, offset: number, size: number): Buffer {
  return Buffer.concat([u32(type), u32(4), u64(offset), u64(offset), u64(offset), u64(size), u64(size), u64(8)]);
}

/** Linux Standard Base, "Version Requirements". */
function versionNeeds(wanted: NonNullable<SmallElf["versions"]>, strings: Strings): { bytes: Buffer; count: number } {
  const files = Object.entries(wanted);
  const bytes = files.map(([file, versions], at) => {
    const size = 16 + 16 * versions.length;
    const names = versions.map((version, index) =>
      Buffer.concat([u32(0), u16(0), u16(2), u32(strings.at(version)), u32(index + 1 < versions.length ? 16 : 0)]),
    );
    const head = [u16(1), u16(versions.length), u32(strings.at(file)), u32(16), u32(at + 1 < files.length ? size : 0)];
    return Buffer.concat([...head, ...names]);
  });
  return { bytes: Buffer.concat(bytes), count: files.length };
}

/** Linux Standard Base, "Version Definitions". */
function versionDefinitions(names: readonly string[], strings: Strings): { bytes: Buffer; count: number } {
  const bytes = names.map((name, at) => {
    const next = at + 1 < names.length ? 28 : 0;
    const head = [u16(1), u16(0), u16(at + 1), u16(1), u32(0), u32(20), u32(next)];
    return Buffer.concat([...head, u32(strings.at(name)), u32(0)]);
  });
  return { bytes: Buffer.concat(bytes), count: names.length };
}

function u16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(value);
  return bytes;
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function u64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}
