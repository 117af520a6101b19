/** Smaller ones may lie in memory that Node shares out. */
const least = 16 * 1024;

/**
 * Gives the memory of a chunk back at once: the collector, which does not see how large it is, would let a hundred megabytes of them gather. Only for
 * whoever is the last to use it, and all others that lie before it in the same memory. One that does not reach to the end of its memory is left.
 */
export function release(chunk: Uint8Array): void {
  const { buffer, byteOffset, byteLength } = chunk;
  if (!(buffer instanceof ArrayBuffer) || buffer.byteLength < least || byteOffset + byteLength !== buffer.byteLength)
    return;
  // The pool that Node cuts small buffers from cannot be given back, and none of them takes all of it.
  if (byteOffset !== 0 && buffer.byteLength <= Buffer.poolSize) return;
  buffer.transfer(0);
}
