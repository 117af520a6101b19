import { existsSync } from "node:fs";
import { expect, test } from "vitest";
import { addImage, addLayer, addRecord, tempStore } from "../../test/support/store-lab.ts";
import { sha256 } from "../base/index.ts";
import { openStore, type Store } from "./index.ts";

/** A copy that is linked onto two bases, one of them in an image. */
function linkedTwice(store: Store) {
  const copy = addLayer(store, undefined, { app: "a".repeat(1000) });
  const [old, fresh] = ["old", "fresh"].map((name) => addLayer(store, undefined, { [name]: name })) as [string, string];
  const onOld = store.snapshots.stack(copy, old).id;
  const onFresh = store.snapshots.stack(copy, fresh).id;
  addRecord(store, "copy", copy);
  return { copy, old, fresh, onOld, onFresh };
}

test("a folder of changes lies on another parent without being copied, once for each", async () => {
  const store = tempStore();
  const { copy, old, onOld, onFresh } = linkedTwice(store);
  expect(store.snapshots.folder(onOld)).toBe(store.snapshots.folder(copy));
  expect(store.snapshots.chain(onFresh).map(({ size }) => size)).toEqual([5, 1000]);
  expect(store.snapshots.stack(copy, old).id).toBe(onOld);
  expect(store.snapshots.stack(onFresh, old).id).toBe(onOld);
  expect(store.snapshots.get(onOld)?.created).toBe(
    Math.max(store.snapshots.get(copy)?.created ?? 0, store.snapshots.get(old)?.created ?? 0),
  );
  expect(await store.verify()).toEqual([]);
});

test("the digest of one is that of all", () => {
  const store = tempStore();
  const { copy, onOld, onFresh } = linkedTwice(store);
  store.snapshots.setDiffId(onOld, sha256("layer"));
  expect([copy, onOld, onFresh].map((id) => store.snapshots.get(id)?.diffId)).toEqual(Array(3).fill(sha256("layer")));
});

test("its bytes count once, and what has the folder stays while anything uses it", async () => {
  const store = tempStore();
  using builder = openStore(store.root);
  const { copy, fresh, onOld, onFresh } = linkedTwice(builder);
  const image = addImage(builder, [fresh, onFresh], "app");
  builder.images.tag("app", image.id);
  builder[Symbol.dispose]();
  expect(store.snapshots.list().reduce((sum, { disk }) => sum + (disk ?? 0), 0)).toBe(0);
  await expect(store.snapshots.remove(copy)).rejects.toThrow(/stands on it$/);
  const removed = await store.prune({ all: true });
  expect(removed.snapshots).toContain(onOld);
  expect(removed.snapshots).not.toContain(copy);
  expect(existsSync(store.snapshots.folder(onFresh))).toBe(true);
  expect(await store.verify()).toEqual([]);

  store.images.untag("app");
  store.images.remove(image.id);
  expect((await store.collect()).snapshots.toSorted()).toEqual([copy, fresh, onFresh].toSorted());
  expect(store.snapshots.list()).toEqual([]);
});

test("a crash of the machine takes what lay on a folder that was lost", async () => {
  const store = tempStore();
  const copy = addLayer(store, undefined, { app: "a" });
  await store.settle();
  const base = addLayer(store, undefined, { base: "b" });
  const linked = store.snapshots.stack(copy, base).id;
  store[Symbol.dispose]();
  using after = openStore(store.root, { bootId: "the next boot" });
  await after.recover();
  expect([copy, base, linked].map((id) => after.snapshots.get(id) !== undefined)).toEqual([true, false, false]);
  expect(await after.verify()).toEqual([]);
});
