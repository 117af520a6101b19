import { randomFillSync } from "node:crypto";
import { readFileSync } from "node:fs";
import { deflateSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { isRepetitive } from "./repetitive.ts";

const megabyte = 1 << 20;
const noise = (size: number): Buffer => randomFillSync(Buffer.alloc(size));
const text = Buffer.alloc(megabyte, "what people write, and what programs write: words, words, words\n");
const program = readFileSync(process.execPath).subarray(0, megabyte);
/** The same few kilobytes of noise again and again. */
const echo = Buffer.alloc(megabyte, noise(10_000));

describe("what lower levels make as little of", () => {
  test.each([
    ["zeros", Buffer.alloc(megabyte)],
    ["the same line", text],
    ["noise that comes again", echo],
    ["little of it", text.subarray(0, 5000)],
  ])("is %s", (_what, bytes) => {
    expect(isRepetitive(bytes)).toBe(true);
    const sizes = [3, 4].map((level) => deflateSync(bytes, { level }).length);
    expect(sizes[0]).toBeLessThan(sizes[1]! + bytes.length * 0.005 + 20);
  });

  test.each([
    ["a program", program],
    ["noise", noise(megabyte)],
    ["noise after zeros", Buffer.concat([Buffer.alloc(megabyte / 2), noise(megabyte / 2)])],
    ["what is repeated too far away", Buffer.concat(Array<Buffer>(20).fill(noise(50_000)))],
    ["nothing", Buffer.alloc(0)],
  ])("is not %s", (_what, bytes) => {
    expect(isRepetitive(bytes)).toBe(false);
  });

  test("is told in less time than deflate takes, whatever the bytes are", () => {
    // Almost the same everywhere: a search that goes back after each miss reads them hundreds of times.
    const bytes = Buffer.alloc(megabyte, "a");
    for (let at = megabyte - 258; at > 0; at -= megabyte / 8) for (const back of [0, 300]) bytes[at - back + 1] = 98;
    const fastest = (action: () => unknown): number => {
      const times = [1, 2, 3, 4, 5].map(() => {
        const started = performance.now();
        action();
        return performance.now() - started;
      });
      return Math.min(...times);
    };
    expect(isRepetitive(bytes)).toBe(true);
    expect(fastest(() => isRepetitive(bytes))).toBeLessThan(fastest(() => deflateSync(bytes)));
  });
});
