import { existsSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { readLdCache } from "./ld-cache.ts";

const file = "/etc/ld.so.cache";

test.skipIf(!existsSync(file))("the machine's own cache names files that are there", () => {
  const cache = readLdCache(readFileSync(file));
  expect(cache.get("libc.so.6")?.length).toBeGreaterThan(0);
  expect(cache.get("libc.so.6")?.every((path) => existsSync(path))).toBe(true);
});

test.skipIf(!existsSync(file))("a cache that is cut off or lies gives what can be told, and never throws", () => {
  const whole = readFileSync(file);
  for (let size = 0; size < whole.length; size += 97) expect(() => readLdCache(whole.subarray(0, size))).not.toThrow();
  const lying = Buffer.from(whole);
  const start = lying.indexOf("glibc-ld.so.cache1.1");
  lying.writeUInt32LE(0xffffffff, start + 20);
  for (let at = 0; at < 40; at += 4) lying.writeUInt32LE(0xfffffff0, start + 48 + at);
  expect(() => readLdCache(lying)).not.toThrow();
  expect(readLdCache(Buffer.from("nothing")).size).toBe(0);
});
