import { createDeflateRaw, type ZlibOptions } from "node:zlib";

/** Buffers of no more may share their memory with others. */
const pooled = Buffer.poolSize;

/** Deflates in a thread of libuv, into one buffer that `giveBack` takes. */
export function deflateAtOnce(bytes: Buffer, options: ZlibOptions): Promise<Buffer> {
  // More than deflate can make of it: what it writes in several pieces lies one behind the other in one memory.
  const chunkSize = bytes.length + (bytes.length >> 8) + 2 * pooled;
  const stream = createDeflateRaw({ ...options, chunkSize });
  const pieces: Buffer[] = [];
  return new Promise((resolve, reject) => {
    stream.on("data", (piece: Buffer) => pieces.push(piece));
    stream.on("error", reject);
    stream.on("end", () => resolve(joined(pieces)));
    stream.end(bytes);
  });
}

function joined(pieces: readonly Buffer[]): Buffer {
  const [first, ...others] = pieces;
  if (first === undefined) return Buffer.alloc(0);
  let length = first.length;
  for (const { buffer, byteOffset, length: more } of others) {
    if (buffer !== first.buffer || byteOffset !== first.byteOffset + length) return Buffer.concat(pieces);
    length += more;
  }
  return Buffer.from(first.buffer, first.byteOffset, length);
}

/** Frees a buffer that is used no more. The collector, which does not see how large they are, would let a hundred megabytes of them gather. */
export function giveBack({ buffer, byteOffset }: Buffer): void {
  if (byteOffset === 0 && buffer.byteLength > pooled) (buffer as ArrayBuffer).transfer(0);
}
