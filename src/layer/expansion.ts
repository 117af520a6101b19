import type { Bytes } from "../base/index.ts";
import type { ArchiveLimits } from "./contract.ts";
import { invalidArchive } from "./invalid.ts";

const meant =
  "it is made to fill the disk, or has large files of almost nothing but zeros: if you trust it, storage.unpack in the configuration allows more (docs/storage.md)";

/**
 * Holds what an archive unpacks to against what it is made of. A few bytes of gzip can stand for a thousand times as many, of zstd for thirty thousand
 * times, and nobody means either: what unpacks to much more than itself is made to fill the disk.
 */
export class Expansion {
  readonly #limits: Pick<ArchiveLimits, "bytes" | "freely" | "expansion">;
  #packed = 0;
  #unpacked = 0;

  constructor(limits: Pick<ArchiveLimits, "bytes" | "freely" | "expansion">) {
    this.#limits = limits;
  }

  /** The bytes of the archive as they are read. */
  async *packed(source: Bytes): Bytes {
    for await (const chunk of source) {
      this.#packed += chunk.byteLength;
      yield chunk;
    }
  }

  /** So many bytes came out of it. @throws SLIP_LAYER_INVALID when that is too many */
  unpacked(bytes: number): void {
    this.#unpacked += bytes;
    const { bytes: most, freely, expansion } = this.#limits;
    if (this.#unpacked > most) throw invalidArchive(`it unpacks to more than ${most} bytes`);
    if (this.#unpacked > freely && this.#unpacked > expansion * this.#packed) {
      const problem = `it unpacks to more than ${expansion} times its size, and to more than ${freely} bytes`;
      throw invalidArchive(problem, undefined, meant);
    }
  }

  /** Bytes that came out so far. */
  get size(): number {
    return this.#unpacked;
  }
}
