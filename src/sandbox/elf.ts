/** The little of ELF (elf(5), 64 bit, little endian) that an interpreter needs. */
const PT_INTERP = 3;

interface Segment {
  /** Where its program header lies in the file. */
  readonly header: number;
  readonly offset: number;
  readonly size: number;
}

/** The path of the dynamic loader that a program asks for; undefined for a static one. Throws for what is no 64-bit ELF file. */
export function interpreterOf(file: Buffer): string | undefined {
  const segment = findInterpreter(file);
  return segment && file.toString("utf8", segment.offset, segment.offset + segment.size).replace(/\0.*$/s, "");
}

/**
 * A copy of a program that asks for another dynamic loader. The path is put behind all else, where no segment lies; only the
 * kernel looks there, the loader itself never reads it.
 */
export function withInterpreter(file: Buffer, path: string): Buffer {
  const segment = findInterpreter(file);
  if (!segment) throw new Error("a static program has no interpreter to replace");
  const text = Buffer.from(`${path}\0`);
  const copy = Buffer.concat([file, text]);
  // Elf64_Phdr: p_offset at 8, p_filesz at 32, p_memsz at 40
  copy.writeBigUInt64LE(BigInt(file.length), segment.header + 8);
  copy.writeBigUInt64LE(BigInt(text.length), segment.header + 32);
  copy.writeBigUInt64LE(BigInt(text.length), segment.header + 40);
  return copy;
}

function findInterpreter(file: Buffer): Segment | undefined {
  const ident = file.toString("latin1", 0, 6);
  if (ident !== "\x7fELF\x02\x01") throw new Error("no 64-bit little-endian ELF file");
  const start = Number(file.readBigUInt64LE(32));
  const size = file.readUInt16LE(54);
  const count = file.readUInt16LE(56);
  for (let at = 0; at < count; at++) {
    const header = start + at * size;
    if (file.readUInt32LE(header) !== PT_INTERP) continue;
    return {
      header,
      offset: Number(file.readBigUInt64LE(header + 8)),
      size: Number(file.readBigUInt64LE(header + 32)),
    };
  }
  return undefined;
}
