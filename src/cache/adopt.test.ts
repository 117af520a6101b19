import { expect, test } from "vitest";
import { addLayer, addRecord, tempStore } from "../../test/support/store-lab.ts";
import { type Digest, digestOf, sha256 } from "../base/index.ts";
import { encodeConfig } from "../oci/index.ts";
import type { SnapshotId, Store } from "../store/index.ts";
import { adoptCache, type CacheDocument, type FoundCache } from "./index.ts";

const [a, b, c] = ["a", "b", "c"].map((name) => sha256(name)) as [Digest, Digest, Digest];
const key = (name: string): Digest => sha256(`key ${name}`);
const blobs = [a, b, c].map((digest) => ({ mediaType: "application/x", digest, size: 100 }));
const source = { kind: "registry", repository: "registry.example/app" } as const;
const config = encodeConfig({ architecture: "amd64", os: "linux", rootfs: { type: "layers", diff_ids: [a] } });

/** A base of one layer, a step on it, and a step on that. */
const document: CacheDocument = {
  version: 1,
  owners: "kept",
  layers: [a, b, c],
  snapshots: [
    { layer: 0, created: 1, size: 10, entries: 2 },
    { layer: 1, parent: 0, created: 2, size: 3, entries: 1, rewritten: [[7, c]] },
    { layer: 2, parent: 1, created: 3, size: 4, entries: 1 },
  ],
  records: [
    { key: key("one"), snapshot: 1, created: 5, text: "RUN one" },
    { key: key("definition"), identity: key("two"), snapshot: 2, created: 6, text: "COPY --from=x" },
    { key: key("two"), snapshot: 2, created: 6, text: "COPY --from=x" },
  ],
  identities: [[key("far definition"), key("far")]],
  bases: [
    {
      name: "debian:bookworm",
      platform: "linux/amd64",
      config: Buffer.from(config.bytes).toString(),
      snapshot: 0,
      origin: "archive bookworm",
    },
  ],
  mounts: [],
};
const found: FoundCache = { name: "registry.example/app:cache", document, blobs, source };

const top = (store: Store, name: string): SnapshotId => store.records.get(key(name))?.snapshot as SnapshotId;

test("an empty store has the records afterwards, with layers that lie elsewhere", () => {
  const store = tempStore();
  const { records, bases } = adoptCache(found, false, store);
  expect(records).toBe(3);
  expect(store.records.get(key("definition"))).toMatchObject({ identity: key("two"), description: "COPY --from=x" });
  const chain = store.snapshots.chain(top(store, "two"));
  expect(chain.map(({ diffId, created, size }) => [diffId, created, size])).toEqual([
    [a, 1, 10],
    [b, 2, 3],
    [c, 3, 4],
  ]);
  expect(store.remoteLayers.missing(chain.at(-1)?.id).map(({ blob, sources }) => [blob.digest, sources])).toEqual(
    [a, b, c].map((digest) => [digest, [source]]),
  );
  expect(store.snapshots.rewritten(top(store, "one"), 7)).toBe(c);
  expect(store.travelled.sourceOf(key("one"))).toBe(found.name);
  expect(store.travelled.promised(key("far definition"))).toBe(key("far"));
  expect(bases).toMatchObject([{ name: "debian:bookworm", id: config.id, origin: "archive bookworm" }]);
  expect(store.images.get(config.id)?.snapshots).toEqual([chain[0]?.id]);
  expect(store.images.names(config.id)).toEqual([]);
});

test("a second time there is nothing to do, and another cache of the same shares the layers", () => {
  const store = tempStore();
  adoptCache(found, false, store);
  const before = store.snapshots.list().length;
  expect(adoptCache(found, false, store).records).toBe(0);
  const more = { ...document, records: [{ key: key("three"), snapshot: 2, created: 1, text: "RUN three" }] };
  const elsewhere = { kind: "layout", path: "/cache" } as const;
  expect(adoptCache({ ...found, document: more, source: elsewhere }, false, store).records).toBe(1);
  expect(store.snapshots.list()).toHaveLength(before);
  expect(store.remoteLayers.of(top(store, "three"))?.sources).toEqual([elsewhere, source]);
});

test("a cache that moved is known at both places", () => {
  const store = tempStore();
  adoptCache(found, false, store);
  const elsewhere = { kind: "layout", path: "/moved" } as const;
  for (let times = 0; times < 2; times++) {
    expect(adoptCache({ ...found, source: elsewhere }, false, store).records).toBe(0);
    expect(store.remoteLayers.of(top(store, "two"))?.sources).toEqual([elsewhere, source]);
  }
});

test("what the store made itself is left alone, and stood on where it is the same layers", () => {
  const store = tempStore();
  const own = addLayer(store, addLayer(store, undefined), { file: "x" });
  store.records.put({ key: key("one"), identity: key("one"), snapshot: own, created: 1, description: "RUN one" });
  const [below] = store.snapshots.chain(own);
  store.snapshots.setDiffId(below?.id as string, a);
  store.snapshots.setDiffId(own, b);
  expect(adoptCache(found, false, store).records).toBe(2);
  expect(top(store, "one")).toBe(own);
  expect(store.travelled.sourceOf(key("one"))).toBeUndefined();
  expect(store.snapshots.chain(top(store, "two")).map(({ id }) => id)).toEqual([below?.id, own, top(store, "two")]);
});

test("what the store made itself of other layers is not stood on", () => {
  const store = tempStore();
  const own = addLayer(store, undefined, { file: "x" });
  store.records.put({ key: key("one"), identity: key("one"), snapshot: own, created: 1, description: "RUN one" });
  adoptCache(found, false, store);
  expect(store.snapshots.chain(top(store, "two")).map(({ diffId }) => diffId)).toEqual([a, b, c]);
});

test("layers of a pulled image are shared", () => {
  const store = tempStore();
  const pulled = addLayer(store, undefined, { file: "x" });
  store.snapshots.setDiffId(pulled, a);
  const chain = digestOf({ layers: [a], squashed: false });
  store.records.put({ key: chain, identity: chain, snapshot: pulled, created: 1, description: "layer" });
  adoptCache(found, false, store);
  expect(store.snapshots.chain(top(store, "one"))[0]?.id).toBe(pulled);
  expect(store.remoteLayers.missing(top(store, "one"))).toHaveLength(1);
});

test("what was adopted goes with a prune, and can be adopted again", async () => {
  const store = tempStore();
  adoptCache(found, false, store);
  addRecord(store, "own", addLayer(store, undefined));
  await store.prune({ all: true });
  expect(store.records.list()).toEqual([]);
  expect(adoptCache(found, false, store).records).toBe(3);
  expect(await store.verify()).toEqual([]);
});
