import { open } from "node:fs/promises";
import type { Bytes } from "../base/index.ts";

const chunkSize = 256 * 1024;

/**
 * The bytes of a file from an offset on. Two buffers take turns: a chunk is good until the next is asked for, and that is being read meanwhile. Anew for each chunk,
 * they would wait by the hundred for the collector.
 */
export async function* fileBytes(file: string, from: number): Bytes {
  const handle = await open(file, "r");
  const buffers = [Buffer.allocUnsafeSlow(chunkSize), Buffer.allocUnsafeSlow(chunkSize)] as const;
  const read = async (turn: 0 | 1, at: number): Promise<Buffer> => {
    const { bytesRead } = await handle.read(buffers[turn], 0, chunkSize, at);
    return buffers[turn].subarray(0, bytesRead);
  };
  let turn: 0 | 1 = 0;
  let coming = read(turn, from);
  try {
    for (let at = from; ;) {
      const chunk = await coming;
      if (chunk.length === 0) return;
      at += chunk.length;
      turn = turn === 0 ? 1 : 0;
      coming = read(turn, at);
      // whoever asks for the next hears of it; until then it must not count as unhandled
      coming.catch(() => undefined);
      yield chunk;
    }
  } finally {
    await coming.catch(() => undefined);
    await handle.close();
  }
}
