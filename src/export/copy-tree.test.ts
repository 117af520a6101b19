import { chmodSync, lstatSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import type * as fs from "node:fs";
import { expect, test, vi } from "vitest";
import { copyTree } from "./copy-tree.ts";
import { scratch } from "./fixtures.ts";

/** Modes of copies at the moment at which Node has made them, before anything else is done to them. */
const made = vi.hoisted((): number[] => []);

vi.mock("node:fs", async (original) => {
  const real = await original<typeof fs>();
  const copyFileSync: typeof fs.copyFileSync = (from, to, mode) => {
    real.copyFileSync(from, to, mode);
    made.push(real.lstatSync(to).mode & 0o7777);
  };
  return { ...real, copyFileSync };
});

test("a setuid program of an image is at no moment one of the machine's", () => {
  using folder = scratch();
  const [from, to] = [`${folder.path}/root`, `${folder.path}/out`];
  mkdirSync(from);
  mkdirSync(to);
  const content = Buffer.alloc(200_001, "x");
  for (const [name, mode] of [
    ["suid", 0o4755],
    ["sgid", 0o2755],
    ["plain", 0o755],
  ] as const) {
    writeFileSync(`${from}/${name}`, content);
    chmodSync(`${from}/${name}`, mode);
  }
  expect(copyTree({ from: [from], to, cancel: new Int32Array(1) })).toEqual({ size: 3 * content.length, leftOut: 0 });
  expect(made).toEqual([0o755]);
  for (const name of ["suid", "sgid", "plain"]) {
    expect(lstatSync(`${to}/${name}`).mode & 0o7777).toBe(0o755);
    expect(readFileSync(`${to}/${name}`).equals(content)).toBe(true);
    expect(statSync(`${to}/${name}`).mtimeMs).toBe(statSync(`${from}/${name}`).mtimeMs);
  }
});
