import { randomFillSync } from "node:crypto";
import { readFileSync } from "node:fs";
import { deflateSync, gunzipSync, gzipSync, inflateRawSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { encoder } from "./compress.ts";
import { isTrialInVain, memoryForStored, slicesOf, storedBlocks } from "./slices.ts";

const megabyte = 1 << 20;
const noise = (size: number): Buffer => randomFillSync(Buffer.alloc(size));
const text = Buffer.alloc(megabyte, "what people write, and what programs write: words, words, words\n");
const program = readFileSync(process.execPath).subarray(0, 8 * megabyte);
/** The same few kilobytes of noise again and again. */
const echo = Buffer.alloc(megabyte, noise(10_000));

/** Bytes in slices of each kind. */
async function split(bytes: Buffer): Promise<{ readonly dense: number; readonly deflated: number }> {
  const slices = slicesOf(bytes);
  expect(Buffer.concat(slices.map((slice) => slice.bytes)).equals(bytes)).toBe(true);
  let dense = 0;
  for (const slice of slices) if (slice.isDense && (await isTrialInVain(slice.bytes))) dense += slice.bytes.length;
  return { dense, deflated: bytes.length - dense };
}

describe("what deflate would only spend time on", () => {
  test.each([
    ["noise", noise(megabyte)],
    ["an archive", gzipSync(program).subarray(0, megabyte)],
  ])("is %s", async (_what, bytes) => {
    expect((await split(bytes)).dense).toBeGreaterThan(megabyte * 0.9);
  });

  test.each([
    ["text", text],
    ["a program", program.subarray(0, megabyte)],
    ["noise that comes again", echo],
    ["numbers in hexadecimal", Buffer.from(noise(megabyte / 2).toString("hex"))],
    ["too little to ask", noise(1000)],
    ["nothing", Buffer.alloc(0)],
  ])("is not %s", async (_what, bytes) => {
    expect(await split(bytes)).toEqual({ dense: 0, deflated: bytes.length });
  });

  test("is cut out of what lies around it", async () => {
    const bytes = Buffer.concat([text.subarray(0, 70_000), noise(megabyte), text.subarray(0, 200_000)]);
    const { dense, deflated } = await split(bytes);
    expect(deflated).toBeGreaterThan(270_000 - 8192);
    expect(dense).toBeGreaterThan(megabyte - 8192);
  });
});

test.each([0, 1, 65_535, 65_536, 200_000])("%i bytes in stored blocks inflate to themselves", (size) => {
  const bytes = noise(size);
  // and an empty last block with fixed codes
  expect(
    inflateRawSync(Buffer.concat([storedBlocks(bytes, memoryForStored(bytes.length)), Buffer.from([3, 0])])).equals(
      bytes,
    ),
  ).toBe(true);
});

test("stored and deflated slices make one member that is hardly larger than zlib's, and the same each time", async () => {
  const content = Buffer.concat([text, noise(2 * megabyte), text, noise(megabyte), text, echo]);
  const compress = async (): Promise<Buffer> => {
    const out: Buffer[] = [];
    const coder = encoder("gzip", 4, (bytes) => out.push(Buffer.from(bytes)));
    for (let at = 0; at < content.length;) {
      const buffer = coder.take();
      const size = content.copy(buffer, 0, at);
      await coder.write(buffer.subarray(0, size));
      at += size;
    }
    await coder.end();
    return Buffer.concat(out);
  };
  const [first, second] = [await compress(), await compress()];
  expect(gunzipSync(first).equals(content)).toBe(true);
  expect(second.equals(first)).toBe(true);
  expect(first.length).toBeLessThan(deflateSync(content, { level: 4 }).length * 1.005);
});
