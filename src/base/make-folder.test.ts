import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { makeFolder } from "./make-folder.ts";

test("folders are made with those above them, and stay when they are there", () => {
  const root = mkdtempSync(join(tmpdir(), "slipway-folder-"));
  onTestFinished(() => rmSync(root, { recursive: true }));
  for (const _ of [1, 2]) makeFolder(join(root, "a/b/c"), 0o700);
  expect(statSync(join(root, "a/b/c")).mode & 0o777).toBe(0o700);
  writeFileSync(join(root, "file"), "");
  expect(() => makeFolder(join(root, "file"))).toThrow(expect.objectContaining({ code: "EEXIST" }));
  expect(() => makeFolder(join(root, "file/in"))).toThrow(expect.objectContaining({ code: "ENOTDIR" }));
});

test("where no folder can be made, that is said", () => {
  expect(() => makeFolder("/proc/slipway/blobs")).toThrow(expect.objectContaining({ code: "ENOENT" }));
});
