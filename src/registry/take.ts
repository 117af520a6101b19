import type { Bytes } from "../base/index.ts";

/** The first `size` bytes of a stream. @param passed told how many went by */
export async function* take(bytes: Bytes, size: number, passed: (total: number) => void): Bytes {
  let left = size;
  if (left === 0) return;
  for await (const chunk of bytes) {
    const part = chunk.byteLength > left ? chunk.subarray(0, left) : chunk;
    left -= part.byteLength;
    yield part;
    passed(size - left);
    if (left === 0) return;
  }
}
