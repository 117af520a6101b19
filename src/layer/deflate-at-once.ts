import { deflateRaw, type ZlibOptions } from "node:zlib";

/** Buffers of no more may share their memory with others. */
const pooled = Buffer.poolSize;

/** Deflates in a thread of libuv, into one buffer that `giveBack` takes. */
export function deflateAtOnce(bytes: Buffer, options: ZlibOptions): Promise<Buffer> {
  // More than deflate can make of it: in pieces it would lie there twice.
  const chunkSize = bytes.length + (bytes.length >> 8) + 2 * pooled;
  return new Promise((resolve, reject) => {
    deflateRaw(bytes, { ...options, chunkSize }, (error, result) => (error ? reject(error) : resolve(result)));
  });
}

/** Frees a buffer that is used no more. The collector, which does not see how large they are, would let a hundred megabytes of them gather. */
export function giveBack({ buffer, byteOffset }: Buffer): void {
  if (byteOffset === 0 && buffer.byteLength > pooled) (buffer as ArrayBuffer).transfer(0);
}
