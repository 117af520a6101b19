import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { fileBytes } from "./file-bytes.ts";

const folder = mkdtempSync(join(tmpdir(), "slipway-file-bytes-"));
afterAll(() => rmSync(folder, { recursive: true }));

const content = randomBytes(1_000_000);
const file = join(folder, "file");
writeFileSync(file, content);

test.each([0, 1, 262_144, 999_999, 1_000_000, 2_000_000])("a file from byte %i to its end", async (from) => {
  const read: Buffer[] = [];
  const memory = new Set<ArrayBufferLike>();
  for await (const chunk of fileBytes(file, from)) {
    read.push(Buffer.from(chunk));
    memory.add(chunk.buffer);
  }
  expect(Buffer.concat(read).equals(content.subarray(from))).toBe(true);
  expect(memory.size).toBeLessThanOrEqual(5);
});

test("whoever leaves early leaves nothing open, and a file that became shorter ends where it does", async () => {
  for await (const chunk of fileBytes(file, 0)) {
    expect(chunk[0]).toBe(content[0]);
    break;
  }
  const shrinking = join(folder, "shrinking");
  writeFileSync(shrinking, content);
  let bytes = 0;
  for await (const chunk of fileBytes(shrinking, 0)) {
    if (bytes === 0) truncateSync(shrinking, 600_000);
    bytes += chunk.byteLength;
  }
  expect(bytes).toBe(600_000);
});

test("a file that is not there is an error", async () => {
  await expect(fileBytes(join(folder, "none"), 0)[Symbol.asyncIterator]().next()).rejects.toThrow("ENOENT");
});
