import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { paced } from "./paced.ts";

const stalled = (bytes: number): Error => new Error(`only ${bytes}`);

async function* every(milliseconds: number, size: number, count: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < count; at++) {
    await sleep(milliseconds);
    yield new Uint8Array(size);
  }
}

test("a server that trickles is given up, and its stream is ended", async () => {
  const body = every(5, 1, 1000);
  const read = async (): Promise<void> => {
    for await (const _chunk of paced(body, { window: 60, bytes: 1000 }, stalled));
  };
  await expect(read()).rejects.toThrow(/^only \d+$/);
  expect(await body.next()).toEqual({ done: true, value: undefined });
});

test("slow is fast enough, and a reader that takes its time is not the server's fault", async () => {
  let size = 0;
  for await (const chunk of paced(every(5, 100, 30), { window: 40, bytes: 200 }, stalled)) {
    size += chunk.byteLength;
    if (size % 1000 === 0) await sleep(100);
  }
  expect(size).toBe(3000);
});
