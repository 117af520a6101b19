import { execFileSync } from "node:child_process";
import { existsSync, linkSync, mkdirSync, renameSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { tempFolder } from "../../test/support/store-lab.ts";
import { measureTree, removeTree } from "./tree.ts";

const bytes = (folder: string, ...name: readonly number[]): Buffer =>
  Buffer.from([...Buffer.from(`${folder}/`), ...name]);

test("sizes of regular files, hard links once; links are not followed", () => {
  const folder = tempFolder();
  mkdirSync(join(folder, "d/e"), { recursive: true });
  writeFileSync(join(folder, "d/f"), "12345");
  linkSync(join(folder, "d/f"), join(folder, "d/e/g"));
  symlinkSync("/", join(folder, "link"));
  writeFileSync(bytes(folder, 0xff, 0x0a), "1");
  const used = execFileSync("du", ["-s", "--block-size=1", folder], { encoding: "utf8" });
  expect(measureTree(folder)).toEqual({ size: 6, entries: 6, disk: Number(used.split("\t")[0]) });
  expect(measureTree(folder, 6)).toBeDefined();
  expect(measureTree(folder, 5)).toBeUndefined();
});

test("a tree with odd names and paths longer than the system's limit is deleted, what a link points to is not", () => {
  const folder = tempFolder();
  const tree = join(folder, "tree");
  mkdirSync(tree);
  writeFileSync(join(folder, "outside"), "");
  symlinkSync(folder, join(tree, "link"));
  mkdirSync(bytes(tree, 0xfe, 0x0a));
  writeFileSync(bytes(tree, 0xfe, 0x0a, 0x2f, 0xff), "");
  const deep = join(...Array.from({ length: 11 }, () => "x".repeat(200)));
  for (const part of [tree, join(folder, "part")]) mkdirSync(join(part, deep), { recursive: true });
  renameSync(join(folder, "part"), join(tree, deep, "part"));
  removeTree(tree);
  expect(existsSync(tree)).toBe(false);
  expect(existsSync(join(folder, "outside"))).toBe(true);
  removeTree(tree);
});
