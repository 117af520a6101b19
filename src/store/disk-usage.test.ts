import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
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

test("each byte counts once, for what holds it", () => {
  const store = tempStore();
  {
    using build = openStore(store.root);
    const base = addLayer(build, undefined, { base: "b".repeat(100) });
    const one = addLayer(build, base, { one: "1".repeat(10) });
    const two = addLayer(build, base, { two: "2".repeat(20) });
    build.images.tag("app:1", addImage(build, [base, one], "one").id);
    addImage(build, [base, two], "two");
    addRecord(build, "one", one);
    addRecord(build, "cache", addLayer(build, one, { c: "x".repeat(5) }));
  }
  const usage = store.du();
  expect(usage.images).toEqual({ count: 2, active: 1, bytes: 130, reclaimable: 20, reclaimableWithAll: 20 });
  expect(usage.cache).toEqual({ count: 2, active: 1, bytes: 5, reclaimable: 5, reclaimableWithAll: 5 });
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
    const parts = [usage.images, usage.cache, usage.layerBlobs, usage.otherBlobs];
    const promised = parts.reduce((sum, part) => sum + (all ? part.reclaimableWithAll : part.reclaimable), 0);
    // The database grows while it notes what goes.
    const before = reallyUsed(store.root, "--exclude=slipway.db*");
    const removed = await store.prune({ all });
    expect(removed.bytes).toBe(promised);
    expect(promised).toBeGreaterThan(all ? 300_000 : 150_000);
    const after = reallyUsed(store.root, "--exclude=slipway.db*");
    expect(Math.abs(before - after - promised)).toBeLessThan(20_000);
    expect(store.du().rest["debian"]).toBeGreaterThanOrEqual(50_000);
  }
  const { images, cache, layerBlobs, otherBlobs } = store.du();
  expect([images.count, cache.count, layerBlobs.count, otherBlobs.count]).toEqual([1, 0, 0, 0]);
});
