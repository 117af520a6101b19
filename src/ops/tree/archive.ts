import { createReadStream } from "node:fs";
import { decompress, extractTar } from "../../layer/index.ts";

const block = 512;

/**
 * True when a file's content, whatever its name, is a tar archive, compressed or not (Dockerfile reference, "ADD": local tar
 * archives): its first block is the header of an entry. A compressed file of another kind is none.
 */
export async function isArchive(path: string): Promise<boolean> {
  const file = createReadStream(path, { highWaterMark: 64 << 10 });
  const parts: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const part of decompress(file)) {
      parts.push(part);
      length += part.byteLength;
      if (length >= block) break;
    }
    return isHeader(Buffer.concat(parts).subarray(0, block));
  } catch {
    return false;
  } finally {
    file.destroy();
  }
}

/** POSIX ustar, and what came before it: the checksum counts its own place as spaces. */
function isHeader(header: Buffer): boolean {
  if (header.length < block || header[0] === 0) return false;
  const field = header.toString("latin1", 148, 156);
  const written = Number.parseInt(field.replace(/^[\0 ]+/, ""), 8);
  let sum = 8 * 0x20;
  for (let at = 0; at < block; at++) if (at < 148 || at >= 156) sum += header[at] as number;
  return sum === written;
}

/**
 * Unpacks a tar archive over a folder that is taken as a root of its own: nothing lands outside it.
 * @returns names of device nodes that the kernel did not let this user make.
 */
export async function extractArchive(path: string, into: string, squashOwners: boolean): Promise<readonly string[]> {
  return (await extractTar({ source: path, into, owner: squashOwners ? "squash" : "keep" })).leftOut;
}
