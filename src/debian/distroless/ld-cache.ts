import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import type { DebianArch } from "../contract.ts";

/** Multiarch folder and the flags of a library in the cache (glibc, sysdeps/generic/ldconfig.h and each port's dl-cache.h). */
export const libraryKinds: Readonly<Record<DebianArch, { readonly folder: string; readonly flags: number }>> = {
  amd64: { folder: "x86_64-linux-gnu", flags: 0x0303 },
  arm64: { folder: "aarch64-linux-gnu", flags: 0x0a03 },
  armhf: { folder: "arm-linux-gnueabihf", flags: 0x0903 },
  armel: { folder: "arm-linux-gnueabi", flags: 0x0b03 },
  i386: { folder: "i386-linux-gnu", flags: 0x0003 },
  ppc64el: { folder: "powerpc64le-linux-gnu", flags: 0x0503 },
  riscv64: { folder: "riscv64-linux-gnu", flags: 0x1003 },
  s390x: { folder: "s390x-linux-gnu", flags: 0x0403 },
};

export interface CachedLibrary {
  /** Its soname. */
  readonly name: string;
  /** Absolute path in the image. */
  readonly path: string;
}

const headerSize = 48;
const entrySize = 24;

/**
 * /etc/ld.so.cache in the form that glibc reads since 2.2, without the older one before it (glibc, sysdeps/generic/dl-cache.h). Of two with one name the
 * first given is found.
 */
export function writeLdCache(libraries: readonly CachedLibrary[], arch: DebianArch): Buffer {
  const { flags } = libraryKinds[arch];
  const big = arch === "s390x";
  const entries = libraries
    .map((library, at) => ({ ...library, at }))
    .sort((a, b) => compareNames(b.name, a.name) || a.at - b.at);
  const strings = new Map<string, number>();
  let end = headerSize + entries.length * entrySize;
  const start = end;
  const place = (text: string): number => {
    const known = strings.get(text);
    if (known !== undefined) return known;
    strings.set(text, end);
    end += Buffer.byteLength(text) + 1;
    return end - Buffer.byteLength(text) - 1;
  };
  const places = entries.map(({ name, path }) => [place(name), place(path)] as const);
  const bytes = Buffer.alloc(end);
  const put = (value: number, at: number): number =>
    big ? bytes.writeUInt32BE(value, at) : bytes.writeUInt32LE(value, at);
  bytes.write("glibc-ld.so.cache1.1", "latin1");
  put(entries.length, 20);
  put(end - start, 24);
  bytes[28] = big ? 3 : 2;
  for (const [at, [name, path]] of places.entries()) {
    const entry = headerSize + at * entrySize;
    put(flags, entry);
    put(name, entry + 4);
    put(path, entry + 8);
  }
  for (const [text, at] of strings) bytes.write(text, at);
  return bytes;
}

/** The loader's own order, by which it bisects: numbers in names count as numbers (glibc, elf/dl-cache.c, _dl_cache_libcmp). */
function compareNames(a: string, b: string): number {
  let [i, j] = [0, 0];
  while (i < a.length && j < b.length) {
    const [left, right] = [digits(a, i), digits(b, j)];
    if (left !== "" && right !== "") {
      if (Number(left) !== Number(right)) return Number(left) - Number(right);
      i += left.length;
      j += right.length;
    } else if (left !== "") return 1;
    else if (right !== "") return -1;
    else if (a[i] !== b[j]) return a.charCodeAt(i) - b.charCodeAt(j);
    else {
      i++;
      j++;
    }
  }
  return a.length - i - (b.length - j);
}

function digits(text: string, at: number): string {
  let end = at;
  while (end < text.length && text.charCodeAt(end) >= 48 && text.charCodeAt(end) <= 57) end++;
  return text.slice(at, end);
}

const PT_LOAD = 1;
const PT_DYNAMIC = 2;
const DT_STRTAB = 5;
const DT_SONAME = 14;

/** The soname of a shared library (elf(5)); undefined for every other file, and for a library without one. */
export function sonameOf(file: string): string | undefined {
  const fd = openSync(file, "r");
  try {
    const { size } = fstatSync(fd);
    return sonameIn((offset, length) => {
      const bytes = Buffer.alloc(Math.max(0, Math.min(length, size - offset)));
      readSync(fd, bytes, 0, bytes.length, offset);
      return bytes;
    });
  } catch (error) {
    // Cut off, or nonsense in it.
    if (error instanceof RangeError) return undefined;
    throw error;
  } finally {
    closeSync(fd);
  }
}

function sonameIn(read: (offset: number, length: number) => Buffer): string | undefined {
  const head = read(0, 64);
  if (head.length < 52 || head.toString("latin1", 0, 4) !== "\x7fELF") return undefined;
  const wide = head[4] === 2;
  const big = head[5] === 2;
  const half = (bytes: Buffer, at: number): number => (big ? bytes.readUInt16BE(at) : bytes.readUInt16LE(at));
  const word = (bytes: Buffer, at: number): number => (big ? bytes.readUInt32BE(at) : bytes.readUInt32LE(at));
  const long = (bytes: Buffer, at: number): number =>
    wide ? Number(big ? bytes.readBigUInt64BE(at) : bytes.readBigUInt64LE(at)) : word(bytes, at);
  if (half(head, 16) !== 3) return undefined;
  const [table, size, count] = wide
    ? [long(head, 32), half(head, 54), half(head, 56)]
    : [long(head, 28), half(head, 42), half(head, 44)];
  const segments = Array.from({ length: count }, (_, at) => {
    const bytes = read(table + at * size, wide ? 56 : 32);
    return wide
      ? { type: word(bytes, 0), offset: long(bytes, 8), address: long(bytes, 16), length: long(bytes, 32) }
      : { type: word(bytes, 0), offset: long(bytes, 4), address: long(bytes, 8), length: long(bytes, 16) };
  });
  const dynamic = segments.find(({ type }) => type === PT_DYNAMIC);
  if (!dynamic) return undefined;
  const bytes = read(dynamic.offset, Math.min(dynamic.length, 1 << 16));
  const step = wide ? 16 : 8;
  const values = new Map<number, number>();
  for (let at = 0; at + step <= bytes.length; at += step) values.set(long(bytes, at), long(bytes, at + step / 2));
  const [strings, name] = [values.get(DT_STRTAB), values.get(DT_SONAME)];
  if (strings === undefined || name === undefined) return undefined;
  const load = segments.find(
    ({ type, address, length }) => type === PT_LOAD && strings >= address && strings < address + length,
  );
  if (!load) return undefined;
  const text = read(strings - load.address + load.offset + name, 256);
  const end = text.indexOf(0);
  return end > 0 ? text.toString("latin1", 0, end) : undefined;
}
