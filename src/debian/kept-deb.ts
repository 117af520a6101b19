import { closeSync, openSync, readFileSync, renameSync, rmSync, utimesSync, writeSync } from "node:fs";
import { constants, crc32, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import type { ControlFile } from "./read-deb.ts";

/*
 * A package as it is kept once it was unpacked, so that the next base need not decompress its xz again, which is half of the time that a
 * base takes: blocks of zstd, each after its length, then a CRC-32 of all that. The first block holds the control archive as JSON, the others the
 * tar of the data. A file that is damaged or cut off is not used.
 */

const options = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };
const blockSize = 4 << 20;
const formatName = "slipway-deb 1";

/** What a package's control archive holds. */
export interface KeptControl {
  readonly control: string;
  readonly controlFiles: readonly ControlFile[];
}

/** Writes a kept package; it gets its name when it is whole. */
export class KeptDebWriter implements Disposable {
  readonly #file: string;
  readonly #temporary: string;
  #fd: number | undefined;
  #block: Uint8Array[] = [];
  #size = 0;
  #sum = 0;

  constructor(file: string, { control, controlFiles }: KeptControl) {
    this.#file = file;
    this.#temporary = `${file}.${process.pid}.${Math.random().toString(36).slice(2)}`;
    this.#fd = openSync(this.#temporary, "wx", 0o600);
    const files = controlFiles.map(({ name, mode, data }) => [name, mode, Buffer.from(data).toString("base64")]);
    this.#write(Buffer.from(JSON.stringify([formatName, control, files])));
  }

  /** The chunk is held until the block is full: it must not change. */
  push(chunk: Uint8Array): void {
    this.#block.push(chunk);
    this.#size += chunk.length;
    if (this.#size >= blockSize) this.#flush();
  }

  finish(): void {
    this.#flush();
    this.#put(number(this.#sum));
    this.#close();
    renameSync(this.#temporary, this.#file);
  }

  /** Takes away what was not finished. */
  [Symbol.dispose](): void {
    if (this.#fd !== undefined) this.#close();
    rmSync(this.#temporary, { force: true });
  }

  #flush(): void {
    if (this.#size > 0) this.#write(Buffer.concat(this.#block));
    this.#block = [];
    this.#size = 0;
  }

  #write(block: Uint8Array): void {
    const packed = zstdCompressSync(block, options);
    this.#put(number(packed.length));
    this.#put(packed);
  }

  #put(bytes: Uint8Array): void {
    if (this.#fd === undefined) throw new Error("a kept package that is closed");
    for (let at = 0; at < bytes.length;) at += writeSync(this.#fd, bytes, at);
    this.#sum = crc32(bytes, this.#sum);
  }

  #close(): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }
}

export interface KeptDeb extends KeptControl {
  /** The tar, in pieces. */
  data(): Generator<Uint8Array>;
}

/** Reads a kept package and marks it as used; undefined when there is none, or none that is whole. */
export function readKeptDeb(file: string): KeptDeb | undefined {
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch {
    return undefined;
  }
  const end = bytes.length - 4;
  if (end < 4 || crc32(bytes.subarray(0, end)) !== bytes.readUInt32LE(end)) return undefined;
  let at = 0;
  const block = (): Buffer | undefined => {
    if (at >= end) return undefined;
    const length = bytes.readUInt32LE(at);
    at += 4 + length;
    return zstdDecompressSync(bytes.subarray(at - length, at));
  };
  const [format, control, files] = JSON.parse(block()?.toString("utf8") ?? "[]") as [
    string,
    string,
    [string, number, string][],
  ];
  if (format !== formatName) return undefined;
  const now = new Date();
  utimesSync(file, now, now);
  return {
    control,
    controlFiles: files.map(([name, mode, data]) => ({ name, mode, data: Buffer.from(data, "base64") })),
    data: function* () {
      for (let next = block(); next; next = block()) yield next;
    },
  };
}

function number(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}
