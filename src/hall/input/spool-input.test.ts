import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { stream, tempStore } from "../../../test/support/store-lab.ts";
import { sha256 } from "../../base/index.ts";
import { encodeHeader } from "../../layer/index.ts";
import { readsInput, spoolInput } from "./spool-input.ts";

const header = encodeHeader({
  name: "file",
  type: "file",
  mode: 0o644,
  uid: 0,
  gid: 0,
  size: 0,
  mtimeNs: 0n,
  linkname: "",
  devMajor: 0,
  devMinor: 0,
  xattrs: new Map(),
});
const tar = Buffer.concat([header, Buffer.alloc(1024)]);

test("what reads standard input", () => {
  expect(readsInput({ context: "-" })).toBe(true);
  expect(readsInput({ context: ".", dockerfile: "-" })).toBe(true);
  expect(readsInput({ context: ".", dockerfile: "Dockerfile" })).toBe(false);
});

test("what was read is gone when the store is closed", async () => {
  const store = tempStore();
  await spoolInput({ context: "-" }, stream(tar), store);
  await spoolInput({ context: "-" }, stream("FROM scratch"), store);
  await expect(spoolInput({ context: "-", dockerfile: "x" }, stream("text"), store)).rejects.toThrow("--file");
  const active = join(store.root, "active");
  expect(readdirSync(active)).toHaveLength(1);
  store[Symbol.dispose]();
  expect(readdirSync(active)).toEqual([]);
});

test.each([
  ["a tar", tar],
  ["a compressed one", gzipSync(tar)],
  ["something compressed, which unpacking finds out about", gzipSync("x".repeat(1000))],
])("%s as the context is spooled, however its bytes come", async (_what, bytes) => {
  const store = tempStore();
  const chunks = Array.from({ length: Math.ceil(bytes.length / 100) }, (_, at) =>
    bytes.subarray(at * 100, at * 100 + 100),
  );
  const spooled = await spoolInput({ context: "-" }, stream(...chunks), store);
  if (spooled.type !== "archive") throw new Error("no archive");
  expect(spooled.digest).toBe(sha256(bytes));
  expect(readFileSync(spooled.file)).toEqual(Buffer.from(bytes));
});

test.each([
  ["a text", "FROM scratch\n"],
  ["nothing", ""],
  ["a short text", "F"],
])("%s as the context is a Dockerfile", async (_what, text) => {
  const spooled = await spoolInput({ context: "-" }, stream(text), tempStore());
  expect(spooled).toMatchObject({ type: "dockerfile", text });
});

test("a Dockerfile is one even when it begins as an archive does", async () => {
  const spooled = await spoolInput({ context: ".", dockerfile: "-" }, stream(tar), tempStore());
  expect(spooled.type).toBe("dockerfile");
});

test("one input cannot be two things, and a Dockerfile cannot be endless", async () => {
  const both = spoolInput({ context: "-", dockerfile: "-" }, stream(""), tempStore());
  await expect(both).rejects.toMatchObject({ code: "SLIP_USAGE" });
  const other = spoolInput({ context: "-", dockerfile: "other" }, stream("FROM scratch"), tempStore());
  await expect(other).rejects.toMatchObject({ code: "SLIP_USAGE" });
  async function* endless(): AsyncGenerator<Uint8Array> {
    for (;;) yield Buffer.alloc(1 << 20, "#");
  }
  await expect(spoolInput({ context: "-" }, endless(), tempStore())).rejects.toMatchObject({ code: "SLIP_CONTEXT" });
});
