import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { addImage, addLayer, tempFolder, tempStore } from "../../test/support/store-lab.ts";
import { sha256 } from "../base/index.ts";
import { openStore, type SnapshotId, type Store } from "./index.ts";

const blob = { mediaType: "application/vnd.oci.image.layer.v1.tar+gzip", digest: sha256("blob"), size: 1000 };
const found = { size: 5, entries: 1, disk: 4096 };

function addRemote(store: Store, parent?: SnapshotId, created = 1): SnapshotId {
  const sources = [{ kind: "registry", repository: "registry.example/app" }] as const;
  return store.remoteLayers.publish({ parent, diffId: sha256(`${parent}`), blob, sources, created }).id;
}

/** A folder as the snapshotter hands it over, with one file. */
function folder(store: Store): string {
  const path = store.scratch();
  mkdirSync(join(path, "fs"));
  writeFileSync(join(path, "fs/file"), "hello");
  return path;
}

test("a remote layer is a snapshot without a folder, with the size of its blob", async () => {
  const store = tempStore();
  const id = addRemote(store);
  expect(store.snapshots.get(id)).toMatchObject({ id, size: 1000, entries: 0, disk: 0, created: 1 });
  expect(store.remoteLayers.of(id)).toMatchObject({ id, blob, sources: [{ repository: "registry.example/app" }] });
  expect(existsSync(store.snapshots.folder(id))).toBe(false);
  expect(store.du().cache.bytes + store.du().images.bytes).toBe(0);
  expect(await store.verify()).toEqual([]);
});

test("filled, it has its folder and its own size, and so has an image of it", async () => {
  const store = tempStore();
  const id = addRemote(store);
  const { id: image } = addImage(store, [id], "app");
  expect(store.remoteLayers.bytesOf([id])).toBe(1000);
  expect(store.remoteLayers.fill(id, folder(store), found)).toBe(true);
  expect(store.remoteLayers.of(id)).toBeUndefined();
  expect(store.remoteLayers.missing(id)).toEqual([]);
  expect(store.remoteLayers.bytesOf([id])).toBe(0);
  expect(store.snapshots.get(id)).toMatchObject({ size: 5, entries: 1 });
  // Counted as it was put: with the size of the blob as 0.
  expect(store.images.get(image)?.size).toBe(5 - 1000);
  expect(existsSync(join(store.snapshots.folder(id), "file"))).toBe(true);
  expect(await store.verify()).toEqual([]);
});

test("of two that fill one layer the second keeps its folder", async () => {
  const root = tempFolder();
  using one = openStore(root);
  using other = openStore(root);
  const id = addRemote(one);
  const second = folder(other);
  expect(one.remoteLayers.fill(id, folder(one), found)).toBe(true);
  expect(other.remoteLayers.fill(id, second, found)).toBe(false);
  expect(existsSync(second)).toBe(true);
  await other.discard(second);
  expect(await one.verify()).toEqual([]);
});

test("what is missing comes in the order in which it can be unpacked, through linked layers too", () => {
  const store = tempStore();
  const bottom = addRemote(store);
  const middle = addLayer(store, bottom, { a: "1" });
  const linked = addRemote(store);
  const top = store.snapshots.stack(linked, middle).id;
  const ids = (id: SnapshotId): readonly SnapshotId[] => store.remoteLayers.missing(id).map((layer) => layer.id);
  expect(ids(top)).toEqual([bottom, linked]);
  expect(store.remoteLayers.of(top)?.id).toBe(linked);
  store.remoteLayers.fill(linked, folder(store), found);
  expect(ids(top)).toEqual([bottom]);
  expect(store.snapshots.get(top)).toMatchObject({ size: 5, entries: 1 });
});

test("places are remembered, the latest first", () => {
  const store = tempStore();
  const id = addRemote(store);
  store.remoteLayers.addSource(id, { kind: "layout", path: "/srv/cache" });
  store.remoteLayers.addSource(id, { kind: "layout", path: "/srv/cache" });
  expect(store.remoteLayers.of(id)?.sources).toEqual([
    { kind: "layout", path: "/srv/cache" },
    { kind: "registry", repository: "registry.example/app" },
  ]);
});

test("a crash of the machine makes a layer remote again, and what stands on it stays", async () => {
  const root = tempFolder();
  let id: SnapshotId;
  {
    using store = openStore(root, { bootId: "one" });
    id = addRemote(store);
    addImage(store, [id], "app");
    store.remoteLayers.fill(id, folder(store), found);
  }
  {
    using store = openStore(root, { bootId: "two" });
    expect(store.remoteLayers.of(id)?.blob).toEqual(blob);
    expect(store.images.list()).toHaveLength(1);
    // Before anybody swept: what lies there is not what is wanted.
    expect(store.remoteLayers.fill(id, folder(store), found)).toBe(true);
    await store.recover();
    await store.settle();
  }
  using store = openStore(root, { bootId: "three" });
  expect(store.remoteLayers.of(id)).toBeUndefined();
  expect(store.remoteLayers.origin(id)?.blob).toEqual(blob);
  expect(await store.verify()).toEqual([]);
});

test("recover takes away the folder of a process that was killed between rename and record", async () => {
  const root = tempFolder();
  let id: SnapshotId;
  {
    using store = openStore(root, { bootId: "one" });
    id = addRemote(store);
    addImage(store, [id], "app");
    store.remoteLayers.fill(id, folder(store), found);
  }
  using store = openStore(root, { bootId: "two" });
  expect(await store.verify()).toEqual([`snapshot ${id}: it is a remote layer, and has a folder`]);
  await store.recover();
  expect(await store.verify()).toEqual([]);
  expect(existsSync(store.snapshots.folder(id))).toBe(false);
});

test("what nothing needs goes, with what is known of where it lies", async () => {
  const store = tempStore();
  const id = addRemote(store);
  expect(await store.snapshots.remove(id)).toBe(true);
  expect(store.remoteLayers.of(id)).toBeUndefined();
  expect(() => store.remoteLayers.fill(id, folder(store), found)).toThrow(
    expect.objectContaining({ code: "SLIP_STORE" }),
  );
  expect(() => addRemote(store, id)).toThrow(expect.objectContaining({ code: "SLIP_STORE" }));
});
