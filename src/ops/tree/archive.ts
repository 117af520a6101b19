import { closeSync, openSync, readSync } from "node:fs";
import { extractTar } from "../../layer/index.ts";

/** First bytes of the formats that ADD unpacks (Dockerfile reference, "ADD": local tar archives), with their place. */
const magics: readonly { readonly at: number; readonly bytes: readonly number[] }[] = [
  { at: 0, bytes: [0x1f, 0x8b] },
  { at: 0, bytes: [0x42, 0x5a, 0x68] },
  { at: 0, bytes: [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00] },
  { at: 0, bytes: [0x28, 0xb5, 0x2f, 0xfd] },
  { at: 257, bytes: [0x75, 0x73, 0x74, 0x61, 0x72] },
];

/** True when a file's content, whatever its name, is a tar archive, compressed or not. */
export function isArchive(path: string): boolean {
  const head = Buffer.alloc(262);
  const file = openSync(path, "r");
  try {
    const got = readSync(file, head, 0, head.length, 0);
    return magics.some(({ at, bytes }) => at + bytes.length <= got && bytes.every((byte, i) => head[at + i] === byte));
  } finally {
    closeSync(file);
  }
}

/** Unpacks a tar archive over a folder that is taken as a root of its own: nothing lands outside it. */
export async function extractArchive(path: string, into: string, squashOwners: boolean): Promise<void> {
  await extractTar({ source: path, into, owner: squashOwners ? "squash" : "keep" });
}
