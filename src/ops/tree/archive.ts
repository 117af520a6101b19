import { closeSync, createReadStream, openSync } from "node:fs";
import type { CancelFlag } from "../../base/index.ts";
import type { Owner } from "./destination.ts";
import { block, isHeader } from "./looks-like-archive.ts";

// Loaded with the first archive: what the cache answers needs none of it.
const layer = () => import("../../layer/index.ts");

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
    const { decompress } = await layer();
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
    const { extractTar } = await layer();
    return (await extractTar({ source: name(source), into: name(folder), owner, cancel })).leftOut;
  } finally {
    closeSync(source);
    closeSync(folder);
  }
}
