import { closeSync, createReadStream, openSync } from "node:fs";
import type { CancelFlag } from "../../base/index.ts";
import { decompress, extractTar } from "../../layer/index.ts";
import type { Owner } from "./destination.ts";

const block = 512;
/** Headers before the first entry, with names and attributes of it, are never longer (bytes). */
const longestPreface = 4 << 20;

/**
 * True when a file's content, whatever its name, is a tar archive, compressed or not (Dockerfile reference, "ADD": local tar
 * archives): the header of its first entry can be read. A compressed file of another kind is none, and neither is an archive without entries.
 */
export async function isArchive(path: string | Buffer): Promise<boolean> {
  const file = createReadStream(path, { highWaterMark: 64 << 10 });
  let head: Buffer = Buffer.alloc(0);
  try {
    for await (const part of decompress(file)) {
      head = Buffer.concat([head, part]);
      const answer = beginsWithEntry(head);
      if (answer !== undefined) return answer;
    }
    return false;
  } catch {
    return false;
  } finally {
    file.destroy();
  }
}

/** Undefined when that takes more bytes. */
function beginsWithEntry(head: Buffer): boolean | undefined {
  for (let at = 0; at + block <= head.length;) {
    const header = head.subarray(at, at + block);
    if (!isHeader(header)) return false;
    // What an extended header tells belongs to the entry after it.
    if (!"xLK".includes(String.fromCharCode(header[156] as number))) return true;
    const size = Number.parseInt(header.toString("latin1", 124, 136).replace(/^[\0 ]+/, ""), 8);
    if (!(size <= longestPreface)) return false;
    at += block + Math.ceil(size / block) * block;
  }
  return head.length > longestPreface ? false : undefined;
}

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
function isHeader(header: Buffer): boolean {
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

/**
 * Unpacks a tar archive over a folder that is taken as a root of its own: nothing lands outside it.
 * @param into a byte string.
 * @returns names of device nodes that the kernel did not let this user make.
 */
export async function extractArchive(
  path: string | Buffer,
  into: string,
  owner: "keep" | "squash" | Owner,
  cancel: CancelFlag | undefined,
): Promise<readonly string[]> {
  // By descriptors, which have a name of text whatever the names in the path are.
  const source = openSync(path, "r");
  const folder = openSync(Buffer.from(into, "latin1"), "r");
  try {
    const name = (fd: number): string => `/proc/self/fd/${fd}`;
    return (await extractTar({ source: name(source), into: name(folder), owner, cancel })).leftOut;
  } finally {
    closeSync(source);
    closeSync(folder);
  }
}
