/** Bytes of a header of a tar. */
export const block = 512;

/** True when what begins so may be an archive: it is compressed, or begins with the header of an entry. */
export function looksLikeArchive(head: Uint8Array): boolean {
  const begins = (...magic: readonly number[]): boolean => magic.every((byte, at) => head[at] === byte);
  const compressed =
    begins(0x1f, 0x8b) ||
    begins(0x42, 0x5a, 0x68) ||
    begins(0xfd, 0x37, 0x7a, 0x58, 0x5a) ||
    begins(0x28, 0xb5, 0x2f, 0xfd);
  return compressed || (head.length >= block && isHeader(Buffer.from(head.subarray(0, block))));
}

/** POSIX ustar, and what came before it: the checksum counts its own place as spaces, and bytes with or without their sign. */
export function isHeader(header: Buffer): boolean {
  if (header.every((byte) => byte === 0)) return false;
  const written = Number.parseInt(header.toString("latin1", 148, 156).replace(/^[\0 ]+/, ""), 8);
  let sum = 8 * 0x20;
  let signed = sum;
  for (let at = 0; at < block; at++) {
    if (at >= 148 && at < 156) continue;
    sum += header[at] as number;
    signed += header.readInt8(at);
  }
  return sum === written || signed === written;
}
