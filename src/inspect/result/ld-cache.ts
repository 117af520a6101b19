const magic = "glibc-ld.so.cache1.1";
const headerSize = 48;
const entrySize = 24;

/**
 * The paths that /etc/ld.so.cache has for each library's name (glibc, sysdeps/generic/dl-cache.h), in its order. What is hostile or of the
 * old form alone gives nothing.
 */
export function readLdCache(bytes: Buffer): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  // an older form may stand in front
  const start = bytes.subarray(0, 1 << 20).indexOf(magic);
  if (start < 0 || bytes.length < start + headerSize) return found;
  const cache = bytes.subarray(start);
  const count = Math.min(cache.readUInt32LE(20), Math.floor((cache.length - headerSize) / entrySize));
  for (let at = 0; at < count; at++) {
    const entry = headerSize + at * entrySize;
    const name = textAt(cache, cache.readUInt32LE(entry + 4));
    const path = textAt(cache, cache.readUInt32LE(entry + 8));
    if (name === undefined || path === undefined) continue;
    const paths = found.get(name);
    if (paths) paths.push(path);
    else found.set(name, [path]);
  }
  return found;
}

function textAt(bytes: Buffer, offset: number): string | undefined {
  const end = bytes.indexOf(0, offset);
  return offset >= bytes.length || end < 0 || end - offset > 4096 ? undefined : bytes.toString("latin1", offset, end);
}
