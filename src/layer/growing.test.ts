import { appendFileSync, closeSync, existsSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { expect, onTestFinished, test } from "vitest";
import { overlayXattrs, privileged, scratch, tarOf } from "./fixtures.ts";
import { Growth, unpackLayer } from "./index.ts";

const owner = privileged ? "keep" : "squash";
/** The first thread takes its time to start. */
const patient = { timeout: 20_000 };

/** A file that is written bit by bit, and the unpacking of it. */
function growing(signal?: AbortSignal) {
  const folder = scratch();
  onTestFinished(() => folder[Symbol.dispose]());
  const upper = folder.sub("upper");
  const path = `${folder.path}/blob`;
  writeFileSync(path, "");
  const fd = openSync(path, "r");
  onTestFinished(() => closeSync(fd));
  const growth = new Growth();
  const done = unpackLayer({ source: { fd, growth }, upper, overlayXattrs, owner, signal });
  done.catch(() => undefined);
  let size = 0;
  const grow = (bytes: Uint8Array): void => {
    appendFileSync(path, bytes);
    size += bytes.byteLength;
    growth.grew(size);
  };
  return { upper, growth, done, grow };
}

const first = tarOf({ name: "first", content: "1" }).subarray(0, 1024);
const big = Buffer.alloc(3_000_000, 7);
const tar = Buffer.concat([
  first,
  tarOf({ name: "second", content: "2" }, { name: "big", content: big.toString("latin1") }),
]);

test("files are there before the archive is", async () => {
  const { upper, growth, done, grow } = growing();
  grow(tar.subarray(0, 2000));
  await expect.poll(() => existsSync(`${upper}/first`), patient).toBe(true);
  expect(existsSync(`${upper}/big`)).toBe(false);
  await expect.poll(() => growth.taken, patient).toBe(2000);
  for (let at = 2000; at < tar.length; at += 1_000_000) {
    grow(tar.subarray(at, at + 1_000_000));
    await sleep(1);
  }
  growth.end(true);
  const { entries } = await done;
  expect(entries).toBe(3);
  expect(readFileSync(`${upper}/big`)).toEqual(big);
  expect(growth.taken).toBe(tar.length);
});

test("a compressed one that is whole at once", async () => {
  const { upper, growth, done, grow } = growing();
  grow(gzipSync(tar));
  growth.end(true);
  await done;
  expect(readFileSync(`${upper}/second`, "utf8")).toBe("2");
});

test("a source that breaks off, and one that is given up", async () => {
  const broken = growing();
  broken.grow(tar.subarray(0, 2000));
  broken.growth.end(false);
  await expect(broken.done).rejects.toMatchObject({
    code: "SLIP_LAYER_INVALID",
    message: expect.stringContaining("broke"),
  });
  const cancel = new AbortController();
  const cancelled = growing(cancel.signal);
  cancelled.grow(tar.subarray(0, 2000));
  await expect.poll(() => existsSync(`${cancelled.upper}/first`), patient).toBe(true);
  cancel.abort();
  await expect(cancelled.done).rejects.toMatchObject({
    code: expect.stringMatching(/^SLIP_(?:CANCELLED|LAYER_INVALID)$/),
  });
});
