import { DatabaseSync } from "node:sqlite";
import { join } from "node:path";
import { expect, test } from "vitest";
import { addImage, addLayer, stream, tempFolder } from "../../test/support/store-lab.ts";
import { sha256 } from "../base/index.ts";
import { openStore } from "./index.ts";

const day = 86_400_000;

/** Two images: each keeps a blob of its own and both a third; a fourth belongs to nobody. */
async function twoImages(kept: boolean) {
  const root = tempFolder();
  using store = openStore(root);
  const write = async (text: string) => (await store.blobs.write(stream(text))).digest;
  const [one, both, two, none] = [await write("one"), await write("both"), await write("two"), await write("none")];
  const images = [
    addImage(store, [addLayer(store, undefined, { a: "a" })], "first", false),
    addImage(store, [addLayer(store, undefined, { b: "b" })], "second", false),
  ] as const;
  store.images.keepBlobs(images[0].id, [one, both, both]);
  store.images.keepBlobs(images[1].id, [two, both]);
  store.images.tag("second", images[1].id);
  if (kept) store.images.tag("first", images[0].id);
  return { root, one, both, two, none, images };
}

test("prune leaves the blobs that an image keeps, and takes those of an image that goes", async () => {
  const { root, one, both, two, none, images } = await twoImages(false);
  using store = openStore(root);
  expect(store.du().otherBlobs).toMatchObject({ count: 4, active: 3 });
  const removed = await store.prune();
  expect(removed.images).toEqual([images[0].id]);
  expect(removed.blobs.toSorted()).toEqual([one, none].toSorted());
  expect(await Promise.all([one, both, two].map((digest) => store.blobs.stat(digest)))).toMatchObject([
    undefined,
    { digest: both },
    { digest: two },
  ]);
  store.images.remove(images[1].id);
  expect((await store.prune()).blobs.toSorted()).toEqual([both, two].toSorted());
  expect(await store.verify({ blobs: true })).toEqual([]);
});

test("an image keeps what it is given last, and nothing that is not there", async () => {
  const { root, one, both, none, images } = await twoImages(true);
  using store = openStore(root);
  store.images.keepBlobs(images[0].id, [both]);
  expect(() => store.images.keepBlobs(images[0].id, [one, sha256(Buffer.from("missing"))])).toThrow(
    "Cannot find the blob",
  );
  expect((await store.prune()).blobs.toSorted()).toEqual([one, none].toSorted());
});

test("an eviction takes an image's blobs with it, and no others that are kept", async () => {
  const { root, one, both, two, none } = await twoImages(true);
  const db = new DatabaseSync(join(root, "slipway.db"));
  for (const table of ["snapshots", "images", "blobs"]) db.exec(`UPDATE ${table} SET last_used = last_used - ${day}`);
  db.exec(
    "UPDATE names SET asked = 1 WHERE name LIKE '%second%'; UPDATE names SET asked = 0 WHERE name LIKE '%first%'",
  );
  db.close();
  using store = openStore(root, { limit: { max: 1, keep: 1, label: "storage.max 1" } });
  const eviction = await store.keepWithin({ when: "done" });
  expect(eviction?.things.map(({ kind }) => kind).toSorted()).toEqual(["image", "package"]);
  expect(await Promise.all([one, none, both, two].map((digest) => store.blobs.stat(digest)))).toMatchObject([
    undefined,
    undefined,
    { digest: both },
    { digest: two },
  ]);
  expect(await store.verify()).toEqual([]);
});

test("an eviction leaves a layer's only archive, whichever image keeps it too", async () => {
  const { root, one, images } = await twoImages(true);
  {
    using store = openStore(root);
    const [layer] = images[1].snapshots as [string];
    store.snapshots.setDiffId(layer, sha256("tar"));
    store.layerBlobs.put({
      diffId: sha256("tar"),
      compression: "gzip",
      level: 4,
      digest: one,
      size: 3,
      irreplaceable: true,
    });
    store.images.untag("first");
  }
  const db = new DatabaseSync(join(root, "slipway.db"));
  for (const table of ["snapshots", "images", "blobs"]) db.exec(`UPDATE ${table} SET last_used = last_used - ${day}`);
  db.exec("UPDATE names SET asked = 1 WHERE name LIKE '%second%'");
  db.close();
  using store = openStore(root, { limit: { max: 1, keep: 1, label: "storage.max 1" } });
  const eviction = await store.keepWithin({ when: "done" });
  expect(eviction?.things.map(({ kind }) => kind)).toContain("image");
  expect(store.images.get(images[0].id)).toBeUndefined();
  expect(await store.blobs.stat(one)).toMatchObject({ digest: one });
});
