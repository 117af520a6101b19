import { open } from "node:fs/promises";
import type { Bytes } from "../base/index.ts";

const chunkSize = 256 * 1024;
/** One is being read, one was given last, two before it may still be on their way. */
const count = 5;

/**
 * The bytes of a file from an offset on. Some buffers take turns: a chunk is good until the third after it is asked for, and the next is read
 * meanwhile. Anew for each chunk, they would wait by the hundred for the collector.
 */
export async function* fileBytes(file: string, from: number): Bytes {
  const handle = await open(file, "r");
  const buffers = Array.from({ length: count }, () => Buffer.allocUnsafeSlow(chunkSize));
  let turn = 0;
  const read = async (at: number): Promise<Buffer> => {
    const buffer = buffers[turn++ % count] as Buffer;
    const { bytesRead } = await handle.read(buffer, 0, chunkSize, at);
    return buffer.subarray(0, bytesRead);
  };
  let coming = read(from);
  try {
    for (let at = from; ;) {
      const chunk = await coming;
      if (chunk.length === 0) return;
      at += chunk.length;
      coming = read(at);
      // whoever asks for the next hears of it; until then it must not count as unhandled
      coming.catch(() => undefined);
      yield chunk;
    }
  } finally {
    await coming.catch(() => undefined);
    await handle.close();
  }
}
