/** Deflate looks back this far, and takes so many bytes at once at most (RFC 1951, 3.2.5). */
const windowSize = 32 * 1024;
const longestMatch = 258;
/** Places in a slice that are looked at. */
const looks = 8;

/**
 * True when the same bytes come again and again, as in empty disks, tables and logs: wherever one looks, the longest match there can be lies
 * just before, and there is no better one to look for.
 */
export function isRepetitive(bytes: Buffer): boolean {
  if (bytes.length < looks * longestMatch) return false;
  const step = Math.floor(bytes.length / looks);
  for (let at = bytes.length - longestMatch; at > 0; at -= step) {
    if (!comesBefore(bytes, at, Math.max(0, at - windowSize))) return false;
  }
  return true;
}

const borders = new Uint16Array(longestMatch);

/**
 * Whether the longest match for a place begins between `least` and it (Knuth, Morris and Pratt 1977): from the place backwards, where it is most
 * often, and in a time that no bytes make longer than the window. Buffer.indexOf takes more than ten times as long as deflate for some.
 */
function comesBefore(bytes: Buffer, at: number, least: number): boolean {
  const last = at + longestMatch - 1;
  for (let i = 1, length = 0; i < longestMatch; i++) {
    while (length > 0 && bytes[last - i] !== bytes[last - length]) length = borders[length - 1] as number;
    if (bytes[last - i] === bytes[last - length]) length++;
    borders[i] = length;
  }
  for (let from = last - 1, length = 0; from >= least; from--) {
    while (length > 0 && bytes[from] !== bytes[last - length]) length = borders[length - 1] as number;
    if (bytes[from] === bytes[last - length]) length++;
    if (length === longestMatch) return true;
  }
  return false;
}
