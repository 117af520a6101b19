import { type FileHandle, open } from "node:fs/promises";
import { type Bytes, SlipwayError } from "../base/index.ts";
import type { Growth } from "../layer/index.ts";

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

/**
 * The bytes of a file that is still being written, from an offset to its end, as they come; with chunks as fileBytes has them.
 * @throws SLIP_OUTPUT when the file comes to nothing
 */
export async function* growingBytes(handle: FileHandle, growth: Growth, from: number): Bytes {
  const buffers = Array.from({ length: count }, () => Buffer.allocUnsafeSlow(chunkSize));
  let [at, turn] = [from, 0];
  for (;;) {
    const { bytes, state } = await growth.beyond(at);
    if (state === "broken") {
      throw new SlipwayError({ code: "SLIP_OUTPUT", message: "Cannot send a layer: it could not be compressed" });
    }
    if (at >= bytes) return;
    while (at < bytes) {
      const buffer = buffers[turn++ % count] as Buffer;
      const { bytesRead } = await handle.read(buffer, 0, Math.min(chunkSize, bytes - at), at);
      // Shorter than it was said to be: whoever counts the bytes tells.
      if (bytesRead === 0) return;
      at += bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
  }
}
