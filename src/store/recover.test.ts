import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { addImage, addLayer, addRecord, tempFolder, tempStore } from "../../test/support/store-lab.ts";
import { sha256 } from "../base/index.ts";
import { openStore, ulid } from "./index.ts";

async function start(
  root: string,
  action: "build" | "prune" | "register",
  name: number | string,
): Promise<ChildProcess> {
  const script = fileURLToPath(new URL("../../test/support/store-children.ts", import.meta.url));
  const child = spawn(process.execPath, [script, root, action, String(name)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  await once(child.stdout, "data");
  return child;
}

const ended = async (child: ChildProcess): Promise<number | null> =>
  child.exitCode ?? (child.signalCode ? null : ((await once(child, "exit")) as [number | null])[0]);

test("processes killed at any moment leave a store that recover makes whole", { timeout: 120_000 }, async () => {
  const root = tempFolder();
  for (let round = 0; round < 4; round++) {
    const children = await Promise.all([
      start(root, "build", 60_000),
      start(root, "build", 60_000),
      start(root, "prune", 60_000),
    ]);
    for (const child of children) {
      await new Promise((done) => setTimeout(done, Math.random() * 60));
      child.kill("SIGKILL");
      await ended(child);
    }
    using store = openStore(root);
    await store.recover();
    expect(await store.verify({ blobs: true })).toEqual([]);
    // Whole, and still of use.
    await (await store.lock("base", AbortSignal.timeout(1000)))[Symbol.asyncDispose]();
  }
});

test("a prune takes nothing from builds that run", { timeout: 60_000 }, async () => {
  const root = tempFolder();
  const children = await Promise.all([
    start(root, "build", 1500),
    start(root, "build", 1500),
    start(root, "prune", 1500),
    start(root, "prune", 1500),
  ]);
  expect(await Promise.all(children.map(ended))).toEqual([0, 0, 0, 0]);
  using store = openStore(root);
  expect(await store.verify({ blobs: true })).toEqual([]);
});

test("recover leaves the living alone", async () => {
  const store = tempStore();
  const other = openStore(store.root);
  onTestFinished(() => other[Symbol.dispose]());
  const active = other.scratch();
  const unnamed = addLayer(other, undefined);
  expect(await store.recover()).toEqual({ processes: 0, folders: 0, blobs: 0, snapshots: 0 });
  await store.collect();
  expect(existsSync(active)).toBe(true);
  expect(other.snapshots.get(unnamed)).toBeDefined();
  expect(await store.verify()).toEqual([]);
});

test("recover leaves a process alone that is just about to lock its file", async () => {
  const store = tempStore();
  const own = store.scratch();
  const holder = `${ulid()}-build`;
  await start(store.root, "register", holder);
  expect(await store.recover()).toEqual({ processes: 0, folders: 0, blobs: 0, snapshots: 0 });
  expect(existsSync(join(store.root, "holders", holder))).toBe(true);
  expect(existsSync(own)).toBe(true);
});

test("recover sweeps what a dead process left, whatever it was", async () => {
  const store = tempStore();
  const dead = `${ulid()}-build`;
  const at = (...path: readonly string[]): string => join(store.root, ...path);
  addLayer(store, undefined);
  mkdirSync(at("active", dead, "half", "fs", "deep"), { recursive: true });
  writeFileSync(at("holders", dead), "");
  mkdirSync(at("snapshots", ulid(), "fs"), { recursive: true });
  mkdirSync(at("trash", ulid(), "fs"), { recursive: true });
  mkdirSync(at("blobs/sha256/ab"), { recursive: true });
  writeFileSync(at("blobs/sha256/ab", "ab".repeat(32)), "stray");
  expect(await store.verify()).toHaveLength(4);
  expect(await store.recover()).toEqual({ processes: 1, folders: 2, blobs: 1, snapshots: 0 });
  expect(await store.verify()).toEqual([]);
  expect(readdirSync(at("blobs/sha256/ab"))).toEqual([]);
  expect(readdirSync(at("trash"))).toEqual([]);
  expect(store.snapshots.list()).toHaveLength(1);
});

test("a snapshot that a dead process never recorded is removed", async () => {
  const store = tempStore();
  const dead = openStore(store.root);
  const layer = addLayer(dead, undefined);
  dead[Symbol.dispose]();
  writeFileSync(join(store.root, "holders", `${ulid()}-build`), "");
  expect(await store.recover()).toMatchObject({ processes: 1, snapshots: 0 });
  // It was made after this store was used first, so only a later build may take it.
  store[Symbol.dispose]();
  using later = openStore(store.root);
  expect((await later.collect()).snapshots).toEqual([layer]);
});

test("a crash of the machine takes what was not settled, and all that stands on it", async () => {
  const root = tempFolder();
  const before = openStore(root, { bootId: "first" });
  const settled = addLayer(before, undefined, { a: "1" });
  const kept = addImage(before, [settled], "kept");
  addRecord(before, "kept", settled);
  await before.settle();
  const late = addLayer(before, settled, { b: "2" });
  const lost = addImage(before, [settled, late], "lost");
  before.images.tag("app", lost.id);
  addRecord(before, "lost", late);
  before[Symbol.dispose]();

  using sameBoot = openStore(root, { bootId: "first" });
  expect(sameBoot.images.find("app")?.id).toBe(lost.id);
  sameBoot[Symbol.dispose]();

  using after = openStore(root, { bootId: "second" });
  expect(after.records.get(sha256("kept"))).toBeDefined();
  expect(after.records.get(sha256("lost"))).toBeUndefined();
  expect(after.images.list().map(({ id }) => id)).toEqual([kept.id]);
  expect(after.images.find("app")).toBeUndefined();
  expect(after.snapshots.list().map(({ id }) => id)).toEqual([settled]);
  expect(await after.recover()).toEqual({ processes: 0, folders: 1, blobs: 0, snapshots: 0 });
  expect(await after.verify()).toEqual([]);
});
