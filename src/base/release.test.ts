import { expect, test } from "vitest";
import { release } from "./index.ts";

test("the memory of a chunk is gone at once, when the chunk reaches to its end", () => {
  const whole = new Uint8Array(200_000);
  release(whole);
  expect(whole.byteLength).toBe(0);
  const memory = new ArrayBuffer(400_000);
  const [first, second] = [new Uint8Array(memory, 0, 200_000), new Uint8Array(memory, 200_000)];
  release(first);
  expect([first.byteLength, second.byteLength]).toEqual([200_000, 200_000]);
  release(second);
  expect([first.byteLength, second.byteLength]).toEqual([0, 0]);
});

test("small chunks, whose memory others share, are left alone", () => {
  const small = Buffer.from("small");
  release(small);
  expect(small.toString()).toBe("small");
});
