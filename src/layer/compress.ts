import { constants, crc32, createZstdCompress } from "node:zlib";
import type { Compression } from "./contract.ts";
import { deflateAtOnce, giveBack } from "./deflate-at-once.ts";
import { defaultLevel } from "./levels.ts";
import { isRepetitive } from "./repetitive.ts";
import { isTrialInVain, memoryForStored, slicesOf, storedBlocks } from "./slices.ts";
import { chunkSize } from "./tree-tar.ts";

/** Takes pieces of a tar in order and gives compressed bytes, in order, to the function it was made with. */
export interface Encoder {
  /** A buffer to fill and hand to `write`. */
  take(): Buffer;
  /** Takes the piece over, which lies in a buffer of `take`; resolves when the next may come. */
  write(piece: Buffer): Promise<void>;
  end(): Promise<void>;
}

type Out = (bytes: Buffer) => void;

export function encoder(compression: Compression, level: number, out: Out): Encoder {
  if (compression === "gzip") return new GzipEncoder(level, out);
  if (compression === "zstd") return new ZstdEncoder(level, out);
  return new PlainEncoder(out);
}

/** Buffers of finished plain encoders: most layers are small, and two megabytes anew for each would keep the collector busy. */
const idle: Buffer[] = [];

class PlainEncoder implements Encoder {
  readonly #buffer = idle.pop() ?? Buffer.allocUnsafeSlow(chunkSize);
  readonly #out: Out;

  constructor(out: Out) {
    this.#out = out;
  }

  take(): Buffer {
    return this.#buffer;
  }

  write(piece: Buffer): Promise<void> {
    this.#out(piece);
    return Promise.resolve();
  }

  end(): Promise<void> {
    idle.push(this.#buffer);
    return Promise.resolve();
  }
}

/** Deflate looks back this far (RFC 1951). */
const windowSize = 32 * 1024;

/**
 * gzip by several threads at once and still one member (RFC 1952): slices are deflated each for itself with what comes before as
 * dictionary and end on a byte boundary (a sync flush), so that they can be put one after the other. How many run at once changes
 * nothing in the bytes. What would not get smaller is stored, and what is repeated over and over is deflated at a lower level: deflate takes longest with
 * these, for nothing.
 */
class GzipEncoder implements Encoder {
  readonly #level: number;
  readonly #out: Out;
  readonly #free: Buffer[] = [];
  readonly #freeDictionaries: Buffer[] = [];
  /**
   * Slices being deflated, oldest first, each with what it has of the one before, and with the buffer that it is the last of. One without a result
   * is to be stored.
   */
  readonly #running: {
    readonly bytes: Buffer;
    readonly result: Promise<Buffer | undefined>;
    readonly dictionary: Dictionary | undefined;
    readonly buffer: Buffer | undefined;
  }[] = [];
  #dictionary: Dictionary | undefined;
  /** Where what is stored is put together. */
  #stored: Buffer | undefined;
  /** Bytes of pieces that are not done. */
  #waiting = 0;
  #crc = 0;
  #length = 0;

  constructor(level: number, out: Out) {
    this.#level = level;
    this.#out = out;
    // no name, no time, unknown system: the header says nothing about where it was made
    out(Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff]));
  }

  take(): Buffer {
    return this.#free.pop() ?? Buffer.allocUnsafeSlow(chunkSize);
  }

  async write(piece: Buffer): Promise<void> {
    this.#crc = crc32(piece, this.#crc);
    this.#length += piece.length;
    const slices = slicesOf(piece);
    for (const [at, { bytes, isDense }] of slices.entries()) {
      const dictionary = this.#dictionary;
      const work = isDense ? deflateUnlessInVain : deflate;
      const result = work(bytes, this.#level, dictionary?.bytes);
      // whoever waits for it comes later; a failure must not count as unhandled until then
      result.catch(() => undefined);
      this.#running.push({ bytes, result, dictionary, buffer: at === slices.length - 1 ? piece : undefined });
      this.#dictionary = this.#endOf(bytes);
    }
    this.#waiting += piece.length;
    while (this.#waiting > mostWaiting) await this.#finishOldest();
  }

  async end(): Promise<void> {
    while (this.#running.length > 0) await this.#finishOldest();
    const tail = Buffer.alloc(10);
    // an empty last block with fixed codes
    tail.writeUInt16LE(3, 0);
    tail.writeUInt32LE(this.#crc, 2);
    tail.writeUInt32LE(this.#length % 0x1_0000_0000, 6);
    this.#out(tail);
  }

  #endOf(bytes: Buffer): Dictionary {
    const memory = this.#freeDictionaries.pop() ?? Buffer.allocUnsafeSlow(windowSize);
    return { memory, bytes: memory.subarray(0, bytes.copy(memory, 0, Math.max(0, bytes.length - windowSize))) };
  }

  async #finishOldest(): Promise<void> {
    const oldest = this.#running.shift();
    if (!oldest) return;
    const result = await oldest.result;
    if (result) {
      this.#out(result);
      giveBack(result);
    } else this.#out(storedBlocks(oldest.bytes, (this.#stored ??= memoryForStored(chunkSize))));
    if (oldest.dictionary) this.#freeDictionaries.push(oldest.dictionary.memory);
    if (!oldest.buffer) return;
    this.#waiting -= oldest.buffer.length;
    this.#free.push(Buffer.from(oldest.buffer.buffer));
  }
}

/** What comes before a slice. */
interface Dictionary {
  readonly memory: Buffer;
  readonly bytes: Buffer;
}

async function deflateUnlessInVain(
  bytes: Buffer,
  level: number,
  dictionary: Buffer | undefined,
): Promise<Buffer | undefined> {
  return (await isTrialInVain(bytes)) ? undefined : deflate(bytes, level, dictionary);
}

/** The highest of zlib's levels that take the first match they find: a third of a percent of what is repetitive more, in a fourth of the time. */
const quickest = 3;

function deflate(bytes: Buffer, level: number, dictionary: Buffer | undefined): Promise<Buffer> {
  // whoever asks for a higher level wants every byte gone
  const lower = level === defaultLevel.gzip && isRepetitive(bytes) ? quickest : level;
  const options = { level: lower, finishFlush: constants.Z_SYNC_FLUSH, ...(dictionary && { dictionary }) };
  return deflateAtOnce(bytes, options);
}

/** Bytes waiting or running: work for libuv's four threads, and more ready when one ends, even where many others want the processors. */
const mostWaiting = 4 * chunkSize;

/** One zstd frame (RFC 8878), compressed by a libuv thread while the next piece is filled. */
class ZstdEncoder implements Encoder {
  readonly #stream: ReturnType<typeof createZstdCompress>;
  readonly #buffers = [Buffer.allocUnsafeSlow(chunkSize), Buffer.allocUnsafeSlow(chunkSize)];
  #turn = 0;
  #previous: Promise<void> = Promise.resolve();
  /** What became of writing the compressed bytes; it happens in an event, where nobody could catch it. */
  #failure: { readonly error: unknown } | undefined;

  constructor(level: number, out: Out) {
    this.#stream = createZstdCompress({
      chunkSize: 256 * 1024,
      params: { [constants.ZSTD_c_compressionLevel]: level },
    });
    this.#stream.on("data", (bytes: Buffer) => {
      try {
        if (!this.#failure) out(bytes);
      } catch (error) {
        this.#failure = { error };
      }
    });
    this.#stream.on("error", () => undefined);
  }

  take(): Buffer {
    this.#turn ^= 1;
    return this.#buffers[this.#turn]!;
  }

  async write(piece: Buffer): Promise<void> {
    const before = this.#previous;
    this.#previous = new Promise((resolve, reject) => {
      this.#stream.write(piece, (error) => (error ? reject(error) : resolve()));
    });
    this.#previous.catch(() => undefined);
    // the buffer that is filled next is the one written before
    await before;
    this.#check();
  }

  async end(): Promise<void> {
    await this.#previous;
    await new Promise<void>((resolve, reject) => {
      this.#stream.once("end", resolve);
      this.#stream.once("error", reject);
      this.#stream.end();
    });
    this.#check();
  }

  #check(): void {
    if (this.#failure) throw this.#failure.error;
  }
}
