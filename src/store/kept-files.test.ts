import { existsSync, linkSync, lstatSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { addImage, tempStore } from "../../test/support/store-lab.ts";
import { openStore, type SnapshotId, type Store, ulid } from "./index.ts";

/** A snapshot whose file is a further name of a kept one; only its folders count as its own. */
function addShared(store: Store, kept: string): SnapshotId {
  const folder = store.scratch();
  mkdirSync(join(folder, "fs"));
  linkSync(kept, join(folder, "fs/file"));
  const id = ulid();
  const disk = 512 * lstatSync(join(folder, "fs")).blocks;
  store.snapshots.publish({ id, parent: undefined, created: Date.now(), size: 9000, entries: 1, disk }, folder);
  return id;
}

test("the bytes of a file that several snapshots have count once, and are freed with the last of them", async () => {
  const store = tempStore();
  using builder = openStore(store.root);
  const shard = join(builder.copiedFiles, "ab");
  mkdirSync(shard, { recursive: true });
  const kept = join(shard, "digest");
  writeFileSync(kept, "x".repeat(9000));
  const bytes = 512 * lstatSync(kept).blocks;
  const [one, two] = [addShared(builder, kept), addShared(builder, kept)];
  builder.images.tag("one", addImage(builder, [one], "one").id);
  addImage(builder, [two], "two");
  builder[Symbol.dispose]();

  expect(store.du().copiedFiles).toMatchObject({ count: 1, active: 1, reclaimable: 0 });
  expect(store.du().images.bytes).toBeLessThan(4 * bytes);
  expect((await store.prune()).snapshots).toEqual([two]);
  expect(readdirSync(shard)).toEqual(["digest"]);

  store.images.untag("one");
  const before = store.du();
  expect(before.copiedFiles.reclaimable).toBe(bytes);
  const removed = await store.prune();
  expect(removed.snapshots).toEqual([one]);
  expect(removed.bytes).toBe(before.images.reclaimable + before.copiedFiles.reclaimable);
  expect(existsSync(shard)).toBe(false);
  expect(await store.verify()).toEqual([]);
});

test("copies look for files of this boot alone, and those of earlier ones go when nothing has them", async () => {
  const store = tempStore();
  mkdirSync(store.copiedFiles, { recursive: true });
  writeFileSync(join(store.copiedFiles, "file"), "x");
  const old = store.copiedFiles;
  store[Symbol.dispose]();
  using after = openStore(store.root, { bootId: "another-boot" });
  expect(after.copiedFiles).not.toBe(old);
  await after.prune({ filterUntil: 1 });
  expect(readdirSync(old)).toEqual(["file"]);
  await after.prune();
  expect(existsSync(old)).toBe(false);
});
