import { execFileSync } from "node:child_process";
import { linkSync, mkdirSync, truncateSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { addImage, addLayer, addRecord, stream, tempStore } from "../../test/support/store-lab.ts";
import { sha256 } from "../base/index.ts";
import { measureFolder, openStore, type SnapshotId, type Store, ulid } from "./index.ts";

/** A layer as a build publishes it: measured on the disk. */
async function measuredLayer(store: Store, parent: SnapshotId | undefined, files: number, bytes: number) {
  const folder = store.scratch();
  mkdirSync(join(folder, "fs"));
  for (let at = 0; at < files; at++) writeFileSync(join(folder, "fs", `file ${at}`), Buffer.alloc(bytes, at + 1));
  const record = { id: ulid(), parent, created: Date.now(), ...(await measureFolder(join(folder, "fs"))) };
  store.snapshots.publish(record, folder);
  return record;
}

/** Bytes that du(1) finds. */
const reallyUsed = (path: string, ...options: readonly string[]): number =>
  Number(execFileSync("du", ["-s", "--block-size=1", ...options, path], { encoding: "utf8" }).split("\t")[0]);

test("each byte counts once, for what holds it", async () => {
  const store = tempStore();
  const layers = new Map<string, SnapshotId>();
  const taken = (...names: readonly string[]): number =>
    names.reduce((sum, name) => sum + reallyUsed(dirname(store.snapshots.folder(layers.get(name) ?? ""))), 0);
  {
    using build = openStore(store.root);
    const layer = async (name: string, parent: string | undefined, bytes: number): Promise<SnapshotId> => {
      const { id } = await measuredLayer(build, layers.get(parent ?? ""), 1, bytes);
      layers.set(name, id);
      return id;
    };
    const base = await layer("base", undefined, 10_000);
    const one = await layer("one", "base", 20_000);
    const two = await layer("two", "base", 40_000);
    build.images.tag("app:1", addImage(build, [base, one], "one").id);
    addImage(build, [base, two], "two");
    addRecord(build, "one", one);
    addRecord(build, "cache", await layer("cache", "one", 80_000));
  }
  const usage = store.du();
  const [both, dangling, cache] = [taken("base", "one", "two"), taken("two"), taken("cache")];
  expect(usage.images).toEqual({
    count: 2,
    active: 1,
    bytes: both,
    reclaimable: dangling,
    reclaimableWithAll: dangling,
  });
  expect(usage.cache).toEqual({ count: 2, active: 1, bytes: cache, reclaimable: cache, reclaimableWithAll: cache });
});

test("snapshots that nobody measured are measured", () => {
  const store = tempStore();
  const id = addLayer(store, undefined, { file: "x".repeat(100_000) });
  expect(store.snapshots.get(id)?.disk).toBeUndefined();
  expect(store.du().cache.bytes).toBe(reallyUsed(dirname(store.snapshots.folder(id))));
  expect(store.snapshots.get(id)?.disk).toBeGreaterThan(100_000);
});

test("the total is what du(1) finds, and reclaimable is what prune frees, with all and without", async () => {
  const store = tempStore();
  {
    using build = openStore(store.root);
    const base = await measuredLayer(build, undefined, 3, 100_000);
    const tools = await measuredLayer(build, base.id, 200, 10);
    const app = await measuredLayer(build, undefined, 1, 5_000_000);
    const old = await measuredLayer(build, undefined, 1, 70_000);
    build.images.tag("debian", addImage(build, [base.id], "debian", false).id);
    build.images.tag("app", addImage(build, [app.id], "app").id);
    addImage(build, [old.id], "old");
    for (const { id } of [tools, app, old]) addRecord(build, id, id);
    for (const [name, layer] of Object.entries({ app, old })) {
      build.snapshots.setDiffId(layer.id, sha256(name));
      const { digest, size } = await build.blobs.write(stream(Buffer.alloc(20_000, name)));
      build.layerBlobs.put({ diffId: sha256(name), compression: "gzip", level: 4, digest, size });
    }
    await build.blobs.write(stream(Buffer.alloc(30_000, "a package")));
    writeFileSync(build.path("debian", "indexes", "index"), Buffer.alloc(50_000));
  }
  for (const all of [false, true]) {
    const usage = store.du();
    const whole = reallyUsed(store.root);
    expect(Math.abs(usage.total - whole) / whole).toBeLessThan(0.01);
    const parts = [usage.images, usage.cache, usage.layerBlobs, usage.otherBlobs, ...Object.values(usage.remade)];
    const promised = parts.reduce((sum, part) => sum + (all ? part.reclaimableWithAll : part.reclaimable), 0);
    // The database grows while it notes what goes.
    const before = reallyUsed(store.root, "--exclude=slipway.db*");
    const removed = await store.prune({ all });
    expect(removed.bytes).toBe(promised);
    expect(promised).toBeGreaterThan(all ? 300_000 : 150_000);
    const after = reallyUsed(store.root, "--exclude=slipway.db*");
    expect(Math.abs(before - after - promised)).toBeLessThan(20_000);
    expect(store.du().remade).toEqual({});
  }
  const { images, cache, layerBlobs, otherBlobs } = store.du();
  expect([images.count, cache.count, layerBlobs.count, otherBlobs.count]).toEqual([1, 0, 0, 0]);
});

test("links, holes, linked copies, work that goes on and what waits to be deleted are counted as du(1) counts them", async () => {
  const store = tempStore();
  using build = openStore(store.root);
  const folder = build.scratch();
  mkdirSync(join(folder, "fs/deep"), { recursive: true });
  writeFileSync(join(folder, "fs/file"), Buffer.alloc(3_000_000, 1));
  for (const name of ["one", "two"]) linkSync(join(folder, "fs/file"), join(folder, "fs", name));
  writeFileSync(join(folder, "fs/deep/sparse"), "");
  truncateSync(join(folder, "fs/deep/sparse"), 500_000_000);
  const copied = { id: ulid(), parent: undefined, created: Date.now(), ...(await measureFolder(join(folder, "fs"))) };
  build.snapshots.publish(copied, folder);
  const bases = [await measuredLayer(build, undefined, 2, 1000), await measuredLayer(build, undefined, 2, 1000)];
  for (const { id } of bases) build.snapshots.stack(copied.id, id);
  build.failedSteps.add({ snapshot: (await measuredLayer(build, undefined, 1, 200_000)).id, created: 1, state: {} });
  {
    const fill = async (into: string): Promise<void> => writeFileSync(join(into, "file"), Buffer.alloc(300_000, 1));
    await using mount = await build.cacheMounts.use({ name: "c", key: sha256("c"), sharing: "shared", fill });
    linkSync(join(mount.folder, "file"), join(mount.folder, "again"));
  }
  writeFileSync(join(build.scratch(), "half"), Buffer.alloc(400_000, 1));
  writeFileSync(store.path("trash", "late"), Buffer.alloc(100_000, 1));
  const [total, whole] = [store.du().total, reallyUsed(store.root)];
  expect(Math.abs(total - whole) / whole).toBeLessThan(0.01);
  expect(whole).toBeLessThan(10_000_000);
});
