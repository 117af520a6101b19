import type { Bytes } from "../base/index.ts";
import type { TarEntry, TarHeader } from "./contract.ts";
import { TarParser } from "./tar-parser.ts";

type TarEvent =
  | { readonly type: "entry"; readonly header: TarHeader }
  | { readonly type: "data"; readonly bytes: Uint8Array }
  | { readonly type: "close" };

/**
 * The entries of an uncompressed tar, in order. An entry's content can be read until the next entry is asked for; what is not read is
 * passed over.
 * @throws SLIP_LAYER_INVALID for a malformed or cut archive
 */
export async function* readTar(source: Bytes): AsyncGenerator<TarEntry, void> {
  const events = eventsOf(source);
  for (let step = await events.next(); !step.done; step = await events.next()) {
    if (step.value.type !== "entry") continue;
    yield Object.assign({ content: () => contentOf(events) }, step.value.header);
  }
}

async function* contentOf(events: AsyncGenerator<TarEvent, void>): Bytes {
  for (let step = await events.next(); !step.done; step = await events.next()) {
    if (step.value.type !== "data") return;
    yield step.value.bytes;
  }
}

async function* eventsOf(source: Bytes): AsyncGenerator<TarEvent, void> {
  const events: TarEvent[] = [];
  const parser = new TarParser({
    entry: (header) => events.push({ type: "entry", header }),
    data: (chunk) => events.push({ type: "data", bytes: chunk }),
    close: () => events.push({ type: "close" }),
  });
  for await (const chunk of source) {
    parser.push(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength));
    yield* events.splice(0);
  }
  parser.end();
}
