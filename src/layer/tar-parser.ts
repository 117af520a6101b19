import type { TarEntryType, TarHeader } from "./contract.ts";
import { invalidArchive } from "./invalid.ts";
import { type PaxRecords, parsePax, parsePaxTime } from "./pax.ts";
import { blockSize, maxPaxBytes, roundUp } from "./tar-format.ts";
import { toText } from "../base/index.ts";

/** What happens while a tar is parsed, in order: an entry, its content in pieces, its end. */
export interface TarSink {
  entry(header: TarHeader): void;
  /** A view that is good only during the call. */
  data(chunk: Buffer): void;
  close(): void;
}

/** `header`: at a block that begins an entry; `zero`: one zero block was seen; `meta`: in the body of an extended header. */
type State = "header" | "zero" | "meta" | "data" | "padding" | "end";

/** Largest long name in GNU's own extension; a path longer than PATH_MAX could not be made anyway. */
const maxLongName = 65_536;

/**
 * Reads ustar, GNU (long names and links) and PAX archives pushed in any pieces. Where readers differ it does as Go's archive/tar, which Docker
 * and containerd use: one layer must mean one thing. So global PAX headers are not applied and links have no content.
 * Sparse files, multi-volume archives and unknown entry types are refused.
 */
export class TarParser {
  readonly #sink: TarSink;
  #state: State = "header";
  /** Bytes of the pieces before this one. */
  #before = 0;
  #headerEnd = 0;
  /** Bytes still to come of content, padding or meta body. */
  #left = 0;
  #padding = 0;
  /** A header or meta body that arrives in pieces. */
  #partial: Buffer = Buffer.allocUnsafe(blockSize);
  #filled = 0;
  #metaFlag = "";
  #pax: PaxRecords | undefined;
  #longName: string | undefined;
  #longLink: string | undefined;

  constructor(sink: TarSink) {
    this.#sink = sink;
  }

  /** How many bytes of the archive lie before the content of the latest entry. */
  get position(): number {
    return this.#headerEnd;
  }

  push(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length && this.#state !== "end") {
      switch (this.#state) {
        case "header":
        case "zero":
          at = this.#takeBlock(chunk, at);
          break;
        case "meta":
          at = this.#takeMeta(chunk, at);
          break;
        case "data":
          at = this.#takeData(chunk, at);
          break;
        case "padding": {
          const step = Math.min(this.#left, chunk.length - at);
          this.#left -= step;
          at += step;
          if (this.#left === 0) this.#state = "header";
          break;
        }
      }
    }
    this.#before += chunk.length;
  }

  /** Called when there is no more. An archive without its closing zero blocks is good, one cut anywhere else is not. */
  end(): void {
    const whole = this.#state === "end" || this.#state === "zero" || (this.#state === "header" && this.#filled === 0);
    const dangling = this.#pax !== undefined || this.#longName !== undefined || this.#longLink !== undefined;
    if (!whole || dangling) throw invalidArchive("it ends in the middle of an entry");
  }

  #takeBlock(chunk: Buffer, at: number): number {
    if (this.#filled === 0 && chunk.length - at >= blockSize) {
      this.#headerEnd = this.#before + at + blockSize;
      this.#block(chunk.subarray(at, at + blockSize));
      return at + blockSize;
    }
    const step = Math.min(blockSize - this.#filled, chunk.length - at);
    chunk.copy(this.#partial, this.#filled, at, at + step);
    this.#filled += step;
    if (this.#filled === blockSize) {
      this.#filled = 0;
      this.#headerEnd = this.#before + at + step;
      this.#block(Buffer.from(this.#partial.subarray(0, blockSize)));
    }
    return at + step;
  }

  #takeMeta(chunk: Buffer, at: number): number {
    const step = Math.min(this.#left, chunk.length - at);
    chunk.copy(this.#partial, this.#filled, at, at + step);
    this.#filled += step;
    this.#left -= step;
    if (this.#left === 0) {
      const body = this.#partial.subarray(0, this.#filled);
      this.#filled = 0;
      this.#pad();
      this.#meta(body);
      this.#partial = Buffer.allocUnsafe(blockSize);
    }
    return at + step;
  }

  #takeData(chunk: Buffer, at: number): number {
    const step = Math.min(this.#left, chunk.length - at);
    this.#sink.data(chunk.subarray(at, at + step));
    this.#left -= step;
    if (this.#left === 0) {
      this.#pad();
      this.#sink.close();
    }
    return at + step;
  }

  #pad(): void {
    this.#left = this.#padding;
    this.#state = this.#left === 0 ? "header" : "padding";
  }

  #block(block: Buffer): void {
    if (block[0] === 0 && isZero(block)) {
      this.#state = this.#state === "zero" ? "end" : "zero";
      return;
    }
    if (this.#state === "zero") throw invalidArchive("something follows its end mark");
    checkSum(block);
    const flag = block.toString("latin1", 156, 157);
    const size = number(block, 124, 12, "size");
    if (size < 0) throw invalidArchive("an entry has a negative size");
    if ("xgLK".includes(flag)) this.#beginMeta(flag, size);
    else this.#beginEntry(block, flag, size);
  }

  #beginMeta(flag: string, size: number): void {
    if (size > (flag === "x" || flag === "g" ? maxPaxBytes : maxLongName)) {
      throw invalidArchive(`an extended header takes ${size} bytes`);
    }
    this.#metaFlag = flag;
    this.#padding = roundUp(size) - size;
    this.#left = size;
    if (size === 0) {
      this.#meta(Buffer.alloc(0));
      return;
    }
    this.#state = "meta";
    this.#partial = Buffer.allocUnsafe(Math.max(size, blockSize));
  }

  #meta(body: Buffer): void {
    // an empty long name says nothing, and a global header ends what was said of the entry to come: for Go too
    if (this.#metaFlag === "x") this.#pax = parsePax(body);
    else if (this.#metaFlag === "g") this.#pax = this.#longName = this.#longLink = undefined;
    else if (this.#metaFlag === "L") this.#longName = untilZero(body, 0, body.length) || undefined;
    else this.#longLink = untilZero(body, 0, body.length) || undefined;
  }

  #beginEntry(block: Buffer, flag: string, headerSize: number): void {
    const pax = this.#pax;
    const name = this.#longName ?? pax?.get("path") ?? headerName(block);
    const type = entryType(flag, name);
    const linkname = this.#longLink ?? pax?.get("linkpath") ?? untilZero(block, 157, 257);
    this.#pax = this.#longName = this.#longLink = undefined;
    if (name.includes("\0") || linkname.includes("\0")) throw invalidArchive("a name has a NUL character");
    const size = type === "file" || type === undefined ? (paxNumber(pax, "size") ?? headerSize) : 0;
    this.#left = size;
    this.#padding = roundUp(size) - size;
    if (type === undefined) {
      this.#left = size + this.#padding;
      this.#state = this.#left === 0 ? "header" : "padding";
      return;
    }
    const time = pax?.get("mtime");
    const device = type === "char" || type === "block";
    this.#state = "data";
    this.#sink.entry({
      name,
      type,
      mode: number(block, 100, 8, "mode") & 0o7777,
      uid: id(paxNumber(pax, "uid") ?? number(block, 108, 8, "uid")),
      gid: id(paxNumber(pax, "gid") ?? number(block, 116, 8, "gid")),
      size,
      mtimeNs: time === undefined ? BigInt(number(block, 136, 12, "mtime")) * 1_000_000_000n : parsePaxTime(time),
      linkname: type === "link" || type === "symlink" ? linkname : "",
      devMajor: device ? number(block, 329, 8, "devmajor") : 0,
      devMinor: device ? number(block, 337, 8, "devminor") : 0,
      xattrs: xattrs(pax),
    });
    if (size === 0) {
      this.#state = "header";
      this.#sink.close();
    }
  }
}

/** undefined: an entry without meaning for files (a volume's label), to be passed over. */
function entryType(flag: string, name: string): TarEntryType | undefined {
  switch (flag) {
    case "0":
    case "7":
      return "file";
    case "\0":
      return name.endsWith("/") ? "dir" : "file";
    case "1":
      return "link";
    case "2":
      return "symlink";
    case "3":
      return "char";
    case "4":
      return "block";
    case "5":
      return "dir";
    case "6":
      return "fifo";
    case "V":
      return undefined;
    case "S":
      throw invalidArchive(`"${toText(name)}" is a sparse file in GNU's format, which layers cannot have`);
    default:
      throw invalidArchive(`"${toText(name)}" is of the unknown type ${JSON.stringify(flag)}`);
  }
}

function headerName(block: Buffer): string {
  const name = untilZero(block, 0, 100);
  if (block.toString("latin1", 257, 263) !== "ustar\0") return name;
  const star = block.toString("latin1", 508, 512) === "tar\0";
  const prefix = untilZero(block, 345, star ? 476 : 500);
  return prefix === "" ? name : `${prefix}/${name}`;
}

function xattrs(pax: PaxRecords | undefined): ReadonlyMap<string, string> {
  if (!pax) return none;
  const found = new Map<string, string>();
  for (const [key, value] of pax) {
    if (key.startsWith("GNU.sparse."))
      throw invalidArchive("it has a sparse file in GNU's format, which layers cannot have");
    if (key.startsWith("SCHILY.xattr.")) found.set(key.slice(13), value);
  }
  return found;
}

const none: ReadonlyMap<string, string> = new Map();

function paxNumber(pax: PaxRecords | undefined, key: string): number | undefined {
  const text = pax?.get(key);
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!/^[0-9]+$/.test(text) || !Number.isSafeInteger(value))
    throw invalidArchive(`its PAX record "${key}" is no number`);
  return value;
}

/** 2^32-1 means "leave as it is" to chown(2) and is no owner. */
function id(value: number): number {
  if (value < 0 || value >= 0xffff_ffff) throw invalidArchive(`${value} is no owner`);
  return value;
}

/** A number in octal, or in base 256 when the first bit is set (GNU, star). */
function number(block: Buffer, offset: number, length: number, field: string): number {
  const first = block[offset]!;
  if (first & 0x80) {
    let value = BigInt.asIntN(7, BigInt(first & 0x7f));
    for (let i = 1; i < length; i++) value = (value << 8n) | BigInt(block[offset + i]!);
    const result = Number(value);
    if (!Number.isSafeInteger(result)) throw invalidArchive(`an entry's ${field} is out of range`);
    return result;
  }
  const text = block
    .toString("latin1", offset, offset + length)
    .replace(/^[ \0]+/, "")
    .replace(/[ \0].*$/s, "");
  if (text === "") return 0;
  if (!/^[0-7]+$/.test(text)) throw invalidArchive(`an entry's ${field} is no number`);
  return Number.parseInt(text, 8);
}

function checkSum(block: Buffer): void {
  let unsigned = 0;
  let signed = 0;
  for (let i = 0; i < blockSize; i++) {
    const byte = i >= 148 && i < 156 ? 32 : block[i]!;
    unsigned += byte;
    signed += byte > 127 ? byte - 256 : byte;
  }
  const written = block.toString("latin1", 148, 156);
  const digits = /^[ \0]*([0-7]+)(?:[ \0]|$)/.exec(written)?.[1];
  const sum = digits === undefined ? undefined : Number.parseInt(digits, 8);
  if (sum !== unsigned && sum !== signed)
    throw invalidArchive("it is not a tar, or damaged: a header's checksum is wrong");
}

function untilZero(bytes: Buffer, start: number, end: number): string {
  const zero = bytes.subarray(start, end).indexOf(0);
  return bytes.toString("latin1", start, zero < 0 ? end : start + zero);
}

function isZero(block: Buffer): boolean {
  for (let i = 0; i < blockSize; i++) if (block[i] !== 0) return false;
  return true;
}
