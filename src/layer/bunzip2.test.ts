import { execFileSync, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import type { Bytes } from "../base/index.ts";
import { bunzip2 } from "./bunzip2.ts";

const none = spawnSync("bzip2", ["--help"]).status === null;
const compress = (bytes: Uint8Array, level = 9): Buffer =>
  execFileSync("bzip2", ["-c", `-${level}`], { input: bytes, maxBuffer: 1 << 26 });

async function* chunks(bytes: Uint8Array, size: number): Bytes {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function unpack(bytes: Uint8Array, size = 10_000): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const part of bunzip2(chunks(bytes, size))) parts.push(part);
  return Buffer.concat(parts);
}

const inputs: Readonly<Record<string, Uint8Array>> = {
  nothing: Buffer.from(""),
  "one byte": Buffer.from("x"),
  text: Buffer.from("the quick brown fox jumps over the lazy dog\n".repeat(5000)),
  "runs of every length": Buffer.concat(Array.from({ length: 600 }, (_, length) => Buffer.alloc(length, length % 3))),
  "one byte a million times": Buffer.alloc(1_000_003, 7),
  "noise of several blocks": randomBytes(450_000),
  "every byte": Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)),
};

const title = none ? " (skipped: no bzip2 on PATH)" : "";

test.skipIf(none).each(Object.keys(inputs))(`gives back what bzip2 packed: %s${title}`, async (name) => {
  const input = inputs[name] as Uint8Array;
  for (const level of [1, 9]) expect((await unpack(compress(input, level))).equals(input)).toBe(true);
  expect((await unpack(compress(input), 1 + (input.length >> 12))).equals(input)).toBe(true);
});

test.skipIf(none)(`reads streams one behind the other${title}`, async () => {
  const both = Buffer.concat([compress(Buffer.from("one ")), compress(Buffer.from("two"))]);
  expect((await unpack(both)).toString()).toBe("one two");
});

test.skipIf(none)(
  `takes no megabytes for each of many tiny streams${title}`,
  async () => {
    const tiny = [compress(Buffer.from("x"), 1), compress(Buffer.from("y"), 9)];
    const many = Buffer.concat(Array.from({ length: 10_000 }, () => tiny).flat());
    expect((await unpack(many, 100_000)).toString()).toBe("xy".repeat(10_000));
  },
  10_000,
);

test.skipIf(none)(`notices every flipped bit and every cut${title}`, async () => {
  const packed = compress(Buffer.from("some text, some more text, and some again"));
  for (let bit = 0; bit < packed.length * 8; bit++) {
    const broken = Buffer.from(packed);
    broken[bit >> 3]! ^= 1 << (bit & 7);
    const result = await unpack(broken).then(
      (bytes) => bytes.toString(),
      (error: unknown) => error,
    );
    // the unused bits behind the end, the block size and unused codes change nothing
    if (typeof result === "string") expect(result).toBe("some text, some more text, and some again");
    else expect(result).toMatchObject({ code: "SLIP_LAYER_INVALID" });
  }
  for (let length = 1; length < packed.length; length++) {
    await expect(unpack(packed.subarray(0, length))).rejects.toMatchObject({ code: "SLIP_LAYER_INVALID" });
  }
});
