import type { Bytes } from "../base/index.ts";
import { invalidArchive } from "./invalid.ts";

/** Where in a frame the next byte lies (RFC 8878, 3.1). */
type Part = "magic" | "descriptor" | "header" | "skip-size" | "skip" | "block" | "content" | "checksum";

const frameMagic = 0xfd2fb528;

/**
 * The same zstd stream, cut so that no piece holds bytes of two frames: Node's decoder takes the end of a frame that lies inside a
 * piece for the end of everything. Streams of many frames are common (pzstd, zstd:chunked).
 */
export async function* zstdFrames(source: Bytes): Bytes {
  let part = "magic" as Part;
  /** Bytes still to come of the part; the number that those that came make, lowest byte first, and how many they are. */
  let left = 4;
  let value = 0;
  let got = 0;
  let lastBlock = false;
  let checksum = 0;
  const enter = (next: Part, length: number): void => {
    part = next;
    left = length;
    value = 0;
    got = 0;
  };
  const isWhole = (): boolean => left === 0;
  /** Called when a part is complete; parts of no bytes end at once. */
  const advance = (): void => {
    switch (part) {
      case "magic":
        if (value === frameMagic) enter("descriptor", 1);
        else if (value >= 0x184d2a50 && value <= 0x184d2a5f) enter("skip-size", 4);
        else throw invalidArchive("its zstd data are damaged");
        break;
      case "skip-size":
        enter("skip", value);
        break;
      case "descriptor": {
        const single = (value >> 5) & 1;
        checksum = value & 4;
        const sizeLength = [single, 2, 4, 8][value >> 6]!;
        enter("header", 1 - single + [0, 1, 2, 4][value & 3]! + sizeLength);
        break;
      }
      case "header":
        enter("block", 3);
        break;
      case "block": {
        lastBlock = (value & 1) === 1;
        // a block of one repeated byte holds that byte alone
        enter("content", ((value >> 1) & 3) === 1 ? 1 : value >> 3);
        break;
      }
      case "content":
        if (!lastBlock) enter("block", 3);
        else enter("checksum", checksum);
        break;
      case "checksum":
      case "skip":
        enter("magic", 4);
    }
  };

  for await (const chunk of source) {
    let start = 0;
    for (let at = 0; at < chunk.byteLength;) {
      const end = at + Math.min(left, chunk.byteLength - at);
      left -= end - at;
      // parts whose value matters have four bytes at most; what comes of others is not looked at
      for (; got < 4 && at < end; at++) value += chunk[at]! * 256 ** got++;
      at = end;
      while (isWhole()) {
        const frameEnds = part === "checksum" || part === "skip";
        advance();
        if (!frameEnds) continue;
        yield chunk.subarray(start, at);
        start = at;
      }
    }
    if (start < chunk.byteLength) yield chunk.subarray(start);
  }
  if (part !== "magic" || left !== 4) throw invalidArchive("its zstd data are cut off");
}
