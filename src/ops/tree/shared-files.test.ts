import {
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { checksumSources } from "./checksum.ts";
import { type CopyReport, type CopyRequest, copySources } from "./copy.ts";
import { finishSharing } from "./shared-files.ts";

let folder = "";
let sharing: NonNullable<CopyRequest["sharing"]>;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "slipway-sharing-"));
  mkdirSync(join(folder, "src/sub"), { recursive: true });
  for (const name of ["a", "b", "sub/c"]) writeFileSync(join(folder, "src", name), name);
  sharing = { folder: join(folder, "kept"), statCache: join(folder, "stat") };
  // What was changed just now is not trusted to stay.
  await sleep(40);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const tree = (): { root: string; ignore: []; client: true; label: string } => ({
  root: join(folder, "src"),
  ignore: [],
  client: true,
  label: "the build context",
});
const squashOwners = process.getuid?.() !== 0;

async function begin(into: string, more: Partial<CopyRequest> = {}): Promise<CopyReport> {
  mkdirSync(join(folder, into));
  checksumSources({
    tree: tree(),
    sources: ["."],
    ignoreOwner: false,
    ignoreMode: false,
    statCache: sharing.statCache,
  });
  const sources = [{ type: "path", tree: tree(), path: "." }] as const;
  return copySources({ sources, root: join(folder, into), destination: "/to", squashOwners, sharing, ...more });
}

function finish(into: string, { work }: CopyReport): number {
  if (!work) throw new Error("nothing is shared");
  return finishSharing({ upper: join(folder, into), folder: sharing.folder, work, squashOwners });
}

const inode = (into: string, name: string): number => lstatSync(join(folder, into, "to", name)).ino;
const content = (into: string, name: string): string => readFileSync(join(folder, into, "to", name), "utf8");

test("what is the same as in an earlier copy becomes a further name of it, the rest is copied", async () => {
  const first = finish("one", await begin("one"));
  expect(first).toBe(3 * 512 * lstatSync(join(folder, "one/to/a")).blocks);
  writeFileSync(join(folder, "src/b"), "changed");
  await sleep(40);
  finish("two", await begin("two"));
  expect(["a", "b", "sub/c"].map((name) => inode("one", name) === inode("two", name))).toEqual([true, false, true]);
  expect([content("one", "b"), content("two", "b"), content("two", "sub/c")]).toEqual(["b", "changed", "sub/c"]);
  // A third, with the change taken back: its time is another.
  writeFileSync(join(folder, "src/b"), "b");
  await sleep(40);
  finish("three", await begin("three"));
  expect(inode("three", "b")).not.toBe(inode("one", "b"));
});

test("another mode, owner or time makes another file", async () => {
  finish("one", await begin("one"));
  finish("mode", await begin("mode", { mode: 0o600 }));
  finish("time", await begin("time", { time: 1_000_000_000 }));
  utimesSync(join(folder, "src/a"), 5, 5);
  finish("touched", await begin("touched"));
  const inodes = ["one", "mode", "time", "touched"].map((into) => inode(into, "a"));
  expect(new Set(inodes).size).toBe(4);
  expect(lstatSync(join(folder, "mode/to/a")).mode & 0o777).toBe(0o600);
  expect(lstatSync(join(folder, "time/to/a")).mtimeMs).toBe(1e12);
});

test("equal files in two places stay two files, in one copy and in two", async () => {
  for (const name of ["a", "b"]) {
    writeFileSync(join(folder, "src", name), "same");
    utimesSync(join(folder, "src", name), 5, 5);
  }
  await sleep(40);
  for (const into of ["one", "two"]) finish(into, await begin(into));
  finish("three", await begin("three", { destination: "/to/below" }));
  expect(inode("two", "a")).toBe(inode("one", "a"));
  expect(new Set([inode("two", "a"), inode("two", "b"), inode("three", "below/a")]).size).toBe(3);
});

test("folders have their times at the end", async () => {
  utimesSync(join(folder, "src/sub"), 7, 7);
  utimesSync(join(folder, "src"), 8, 8);
  for (const into of ["one", "two"]) {
    finish(into, await begin(into));
    expect(["to", "to/sub"].map((path) => lstatSync(join(folder, into, path)).mtimeMs)).toEqual([8000, 7000]);
  }
});

test("a kept file that goes while a copy wants it is copied after all", async () => {
  finish("one", await begin("one"));
  const report = await begin("two");
  expect(existsSync(join(folder, "two/to/a"))).toBe(false);
  rmSync(sharing.folder, { recursive: true });
  expect(finish("two", report)).toBe(0);
  const [from, to] = ["src/a", "two/to/a"].map((path) => lstatSync(join(folder, path)));
  expect([content("two", "a"), to?.mode, to?.mtimeMs]).toEqual(["a", from?.mode, from?.mtimeMs]);
});

test("what changed between reading and copying is not kept", async () => {
  const report = await begin("one");
  writeFileSync(join(folder, "src/a"), "later");
  finish("one", report);
  expect(lstatSync(join(folder, "one/to/a")).nlink).toBe(1);
  expect(lstatSync(join(folder, "one/to/b")).nlink).toBe(2);
});

test("files with several names, and files of several sources, are not shared", async () => {
  linkSync(join(folder, "src/a"), join(folder, "src/twin"));
  await sleep(40);
  const report = await begin("one");
  finish("one", report);
  expect(inode("one", "a")).toBe(inode("one", "twin"));
  expect(readdirSync(sharing.folder).flatMap((shard) => readdirSync(join(sharing.folder, shard)))).toHaveLength(2);
  const sources = ["sub", "."].map((path) => ({ type: "path", tree: tree(), path }) as const);
  expect((await begin("two", { sources })).work).toBeUndefined();
});
