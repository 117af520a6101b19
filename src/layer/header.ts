import { SlipwayError, toText } from "../base/index.ts";
import type { TarHeader } from "./contract.ts";
import { blockSize, maxOctal11, maxOctal7, maxPaxBytes, roundUp, typeFlags } from "./tar-format.ts";

const billion = 1_000_000_000n;

/**
 * The blocks in front of an entry's content: a ustar header, with a PAX extended header before it when ustar cannot say it all
 * (long names and links, big sizes, ids and times, fractions of a second, extended attributes).
 */
export function encodeHeader(entry: TarHeader): Buffer {
  const records = new Map<string, string>();
  const { prefix, name } = splitName(entry.name, records);
  const seconds = floorDiv(entry.mtimeNs, billion);
  const outside = seconds < 0n || seconds > BigInt(maxOctal11);
  if (outside || entry.mtimeNs % billion !== 0n) records.set("mtime", paxTime(entry.mtimeNs));
  if (entry.linkname.length > 100) records.set("linkpath", entry.linkname);
  const size = fit("size", entry.size, maxOctal11, records);
  const uid = fit("uid", entry.uid, maxOctal7, records);
  const gid = fit("gid", entry.gid, maxOctal7, records);
  for (const [attribute, value] of entry.xattrs) {
    if (attribute.includes("=")) {
      throw new SlipwayError({
        code: "SLIP_LAYER_INVALID",
        message: `Cannot write "${toText(entry.name)}" into a layer: its attribute "${toText(attribute)}" has a "=" in its name`,
        hint: "remove the attribute, or give it another name",
      });
    }
    records.set(`SCHILY.xattr.${attribute}`, value);
  }
  const extended = records.size === 0 ? undefined : paxHeader(entry.name, records);
  const start = extended?.length ?? 0;
  const block = Buffer.alloc(start + blockSize);
  if (extended) extended.copy(block);
  fill(block.subarray(start), {
    name,
    prefix,
    mode: entry.mode,
    uid,
    gid,
    size,
    mtime: outside ? 0 : Number(seconds),
    flag: typeFlags[entry.type],
    linkname: entry.linkname.slice(0, 100),
    devMajor: entry.devMajor,
    devMinor: entry.devMinor,
  });
  return block;
}

/**
 * The header of an entry in one block, whatever its size: beyond 8 GiB in base 256 (GNU tar, "Extended numeric fields"), which Go's, GNU's and
 * Python's readers take. For whoever leaves a block free and knows the size later.
 */
export function encodeHeaderBlock(entry: TarHeader): Buffer {
  if (entry.size <= maxOctal11) return encodeHeader(entry);
  const block = encodeHeader({ ...entry, size: 0 });
  block.writeUInt32BE(0x80000000, 124);
  block.writeBigUInt64BE(BigInt(entry.size), 128);
  sign(block);
  return block;
}

interface Fields {
  readonly name: string;
  readonly prefix: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  readonly mtime: number;
  readonly flag: string;
  readonly linkname: string;
  readonly devMajor: number;
  readonly devMinor: number;
}

/** POSIX pax, "ustar Interchange Format". The block is zero before. */
function fill(block: Buffer, fields: Fields): void {
  block.write(fields.name, 0, "latin1");
  octal(block, fields.mode, 100, 7);
  octal(block, fields.uid, 108, 7);
  octal(block, fields.gid, 116, 7);
  octal(block, fields.size, 124, 11);
  octal(block, fields.mtime, 136, 11);
  block.write(fields.flag, 156, "latin1");
  block.write(fields.linkname, 157, "latin1");
  block.write("ustar\x0000", 257, "latin1");
  octal(block, fields.devMajor, 329, 7);
  octal(block, fields.devMinor, 337, 7);
  block.write(fields.prefix, 345, "latin1");
  sign(block);
}

/** The checksum: the sum of the block's bytes with spaces in the checksum's own place. */
function sign(block: Buffer): void {
  block.write("        ", 148, "latin1");
  let sum = 0;
  for (let i = 0; i < blockSize; i++) sum += block[i]!;
  block.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
}

function octal(block: Buffer, value: number, offset: number, digits: number): void {
  block.write(value.toString(8).padStart(digits, "0"), offset, "latin1");
}

/** The name as ustar can hold it: 100 bytes, or a prefix of 155 more that ends at a slash; otherwise a PAX path as well. */
function splitName(path: string, records: Map<string, string>): { readonly prefix: string; readonly name: string } {
  if (path.length <= 100) return { prefix: "", name: path };
  const slash = path.lastIndexOf("/", Math.min(155, path.length - 2));
  if (slash > 0 && path.length - slash - 1 <= 100) return { prefix: path.slice(0, slash), name: path.slice(slash + 1) };
  records.set("path", path);
  return { prefix: "", name: path.slice(0, 100) };
}

/** The value for the octal field; what does not fit goes into a record and leaves 0. */
function fit(key: string, value: number, max: number, records: Map<string, string>): number {
  if (value <= max) return value;
  records.set(key, String(value));
  return 0;
}

/** POSIX pax, "pax Extended Header": its own block and body, records sorted by key. */
function paxHeader(path: string, records: ReadonlyMap<string, string>): Buffer {
  const body = [...records]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => paxRecord(key, value))
    .join("");
  if (body.length > maxPaxBytes) {
    throw new SlipwayError({
      code: "SLIP_LAYER_INVALID",
      message: `Cannot write "${toText(path)}" into a layer: its extended attributes take more than ${maxPaxBytes} bytes`,
      hint: "remove attributes from the file in the step that makes it",
    });
  }
  const block = Buffer.alloc(blockSize + roundUp(body.length));
  const base = path.replace(/\/$/, "").replace(/^.*\//s, "");
  const name = `PaxHeaders.0/${base}`.slice(0, 100);
  const plain = { prefix: "", mode: 0o644, uid: 0, gid: 0, mtime: 0, linkname: "", devMajor: 0, devMinor: 0 };
  fill(block.subarray(0, blockSize), { ...plain, name, size: body.length, flag: "x" });
  block.write(body, blockSize, "latin1");
  return block;
}

/** `LENGTH KEY=VALUE\n`, where the length counts itself. */
function paxRecord(key: string, value: string): string {
  const rest = key.length + value.length + 3;
  let length = rest + String(rest).length;
  if (String(length).length > String(rest).length) length = rest + String(length).length;
  return `${length} ${key}=${value}\n`;
}

function paxTime(ns: bigint): string {
  const sign = ns < 0n ? "-" : "";
  const absolute = ns < 0n ? -ns : ns;
  const fraction = String(absolute % billion)
    .padStart(9, "0")
    .replace(/0+$/, "");
  return `${sign}${absolute / billion}${fraction === "" ? "" : `.${fraction}`}`;
}

function floorDiv(value: bigint, by: bigint): bigint {
  const quotient = value / by;
  return value % by < 0n ? quotient - 1n : quotient;
}
