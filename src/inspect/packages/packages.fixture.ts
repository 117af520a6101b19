import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { crc32, deflateRawSync } from "node:zlib";

/** A zip archive of these files. */
export function zipOf(
  files: Readonly<Record<string, string | Uint8Array>>,
  { deflate = true }: { readonly deflate?: boolean } = {},
): Buffer {
  const parts: Buffer[] = [];
  const list: Buffer[] = [];
  let place = 0;
  for (const [name, content] of Object.entries(files)) {
    const plain = Buffer.from(content);
    const packed = deflate ? deflateRawSync(plain) : plain;
    const shared = Buffer.alloc(26);
    shared.writeUInt16LE(20, 0);
    shared.writeUInt16LE(deflate ? 8 : 0, 4);
    shared.writeUInt32LE(crc32(plain), 10);
    shared.writeUInt32LE(packed.length, 14);
    shared.writeUInt32LE(plain.length, 18);
    shared.writeUInt16LE(Buffer.byteLength(name), 22);
    const local = Buffer.concat([Buffer.from("PK\x03\x04"), shared, Buffer.from(name), packed]);
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE(place, 10);
    list.push(Buffer.concat([Buffer.from("PK\x01\x02"), Buffer.from([20, 0]), shared, rest, Buffer.from(name)]));
    parts.push(local);
    place += local.length;
  }
  const entries = Buffer.concat(list);
  const end = Buffer.alloc(22);
  end.write("PK\x05\x06", "latin1");
  end.writeUInt16LE(list.length, 8);
  end.writeUInt16LE(list.length, 10);
  end.writeUInt32LE(entries.length, 12);
  end.writeUInt32LE(place, 16);
  return Buffer.concat([...parts, entries, end]);
}

interface GoProgramOptions {
  readonly version?: string;
  /** Lines of the list of modules. */
  readonly modules: readonly string[];
  /** As Go wrote it before 1.18: addresses of texts instead of the texts. */
  readonly pointers?: boolean;
}

/** The headers of a 64-bit ELF file with one writable segment, which holds what Go's linker writes of a build. */
export function goProgram({ version = "go1.22.1", modules, pointers = false }: GoProgramOptions): Buffer {
  const address = 0x500000;
  const start = 128;
  const mark = Buffer.alloc(16, 0x30);
  const list = Buffer.concat([
    mark,
    Buffer.from(`path\texample.org/x\n${modules.map((line) => `${line}\n`).join("")}`),
    mark,
  ]);
  const info = pointers ? pointed(version, list, address) : inlined(version, list);
  const header = Buffer.alloc(start);
  header.write("\x7fELF", "latin1");
  header.set([2, 1, 1], 4);
  header.writeUInt16LE(2, 16);
  header.writeUInt16LE(62, 18);
  header.writeBigUInt64LE(64n, 32);
  header.writeUInt16LE(56, 54);
  header.writeUInt16LE(1, 56);
  header.writeUInt32LE(1, 64);
  header.writeUInt32LE(6, 68);
  header.writeBigUInt64LE(BigInt(start), 72);
  header.writeBigUInt64LE(BigInt(address), 80);
  header.writeBigUInt64LE(BigInt(info.length), 96);
  return Buffer.concat([header, info]);
}

const magic = Buffer.from("\xff Go buildinf:", "latin1");

function varint(length: number): Buffer {
  const bytes: number[] = [];
  for (let left = length; ; left >>>= 7) {
    if (left < 0x80) return Buffer.from([...bytes, left]);
    bytes.push((left & 0x7f) | 0x80);
  }
}

function inlined(version: string, list: Buffer): Buffer {
  const head = Buffer.alloc(32);
  head.set(magic);
  head.set([8, 2], 14);
  return Buffer.concat([head, varint(version.length), Buffer.from(version), varint(list.length), list]);
}

function pointed(version: string, list: Buffer, address: number): Buffer {
  const head = Buffer.alloc(64);
  head.set(magic);
  head[14] = 8;
  const texts = 64;
  head.writeBigUInt64LE(BigInt(address + 32), 16);
  head.writeBigUInt64LE(BigInt(address + 48), 24);
  head.writeBigUInt64LE(BigInt(address + texts), 32);
  head.writeBigUInt64LE(BigInt(version.length), 40);
  head.writeBigUInt64LE(BigInt(address + texts + version.length), 48);
  head.writeBigUInt64LE(BigInt(list.length), 56);
  return Buffer.concat([head, Buffer.from(version), list]);
}

/** A header as rpm's databases keep it, with text tags and an epoch. */
export function rpmHeader(tags: Readonly<Record<number, string>>, epoch?: number): Buffer {
  const values = Object.entries(tags).map(([tag, text]) => ({
    tag: Number(tag),
    type: 6,
    bytes: Buffer.from(`${text}\0`),
  }));
  if (epoch !== undefined) {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(epoch);
    values.push({ tag: 1003, type: 4, bytes });
  }
  let offset = 0;
  const index = values.map(({ tag, type, bytes }) => {
    const entry = Buffer.alloc(16);
    [tag, type, offset, 1].forEach((number, at) => entry.writeUInt32BE(number, at * 4));
    offset += bytes.length;
    return entry;
  });
  const head = Buffer.alloc(8);
  head.writeUInt32BE(index.length, 0);
  head.writeUInt32BE(offset, 4);
  return Buffer.concat([head, ...index, ...values.map(({ bytes }) => bytes)]);
}

/** An rpm database in ndb format: one page of slots, then a blob a header. */
export function ndbOf(headers: readonly Buffer[]): Buffer {
  const page = Buffer.alloc(4096);
  page.write("RpmP", "latin1");
  page.writeUInt32LE(1, 12);
  for (let at = 32; at < page.length; at += 16) page.write("Slot", at, "latin1");
  let block = 4096 / 16;
  const blobs = headers.map((header, index) => {
    const head = Buffer.alloc(16);
    head.write("BlbS", "latin1");
    head.writeUInt32LE(index + 1, 4);
    head.writeUInt32LE(header.length, 12);
    const blob = Buffer.concat([head, header]);
    const padded = Buffer.concat([blob, Buffer.alloc((16 - (blob.length % 16)) % 16)]);
    page.writeUInt32LE(index + 1, 32 + index * 16 + 4);
    page.writeUInt32LE(block, 32 + index * 16 + 8);
    page.writeUInt32LE(padded.length / 16, 32 + index * 16 + 12);
    block += padded.length / 16;
    return padded;
  });
  return Buffer.concat([page, ...blobs]);
}

/** Has Berkeley DB write a hash table of these headers, as rpm has it; false where there is no perl that can. */
export function makeBdb(file: string, headers: readonly Buffer[]): boolean {
  mkdirSync(dirname(file), { recursive: true });
  const names = headers.map((header, at) => {
    writeFileSync(`${file}.${at}`, header);
    return `${file}.${at}`;
  });
  const script =
    "tie %h, 'DB_File', shift, O_RDWR|O_CREAT, 0644, $DB_HASH or die; $h{pack('V', 0)} = pack('V', scalar @ARGV); " +
    "for $i (0 .. $#ARGV) { open F, $ARGV[$i]; binmode F; local $/; $h{pack('V', $i + 1)} = <F>; close F; unlink $ARGV[$i] }";
  return spawnSync("perl", ["-MDB_File", "-e", script, file, ...names]).status === 0;
}
