import { expect, test } from "vitest";
import { addLayer, addRecord, tempStore } from "../../test/support/store-lab.ts";
import { type Digest, sha256 } from "../base/index.ts";

test("a record's source is told until the record is gone or another takes its place", async () => {
  const store = tempStore();
  const snapshot = addLayer(store, undefined, { file: "x" });
  const { key } = addRecord(store, "one", snapshot);
  const other = addRecord(store, "two", snapshot);
  store.travelled.setSource([key, other.key], "registry.example/app:cache");
  expect(store.travelled.sourceOf(key)).toBe("registry.example/app:cache");
  expect(store.travelled.sourceOf(sha256("none"))).toBeUndefined();
  store.records.put({ ...other, created: 2 }, { replace: true });
  expect(store.travelled.sourceOf(other.key)).toBeUndefined();
  store.records.delete(key);
  addRecord(store, "one", snapshot);
  expect(store.travelled.sourceOf(key)).toBeUndefined();
});

test("a source is said only of records that are there", () => {
  const store = tempStore();
  expect(() => store.travelled.setSource([sha256("none")], "x")).toThrow("FOREIGN KEY");
});

test("promises are remembered, the later one counts, and the oldest make room", () => {
  const store = tempStore();
  const [definition, first, second] = ["definition", "first", "second"].map(sha256) as [Digest, Digest, Digest];
  store.travelled.promise(new Map([[definition, first]]));
  expect(store.travelled.promised(definition)).toBe(first);
  store.travelled.promise(new Map([[definition, second]]));
  expect(store.travelled.promised(definition)).toBe(second);
  expect(store.travelled.promised(first)).toBeUndefined();
  const many = new Map(Array.from({ length: 20_001 }, (_, at) => [sha256(`many ${at}`), first]));
  const now = Date.now();
  while (Date.now() === now);
  store.travelled.promise(many);
  expect(store.travelled.promised(definition)).toBeUndefined();
  expect(store.travelled.promised(sha256("many 3"))).toBe(first);
});

test("records of layers that cannot be had are forgotten with all that stands on them, and those made here are not", () => {
  const store = tempStore();
  const below = addLayer(store, undefined, { file: "x" });
  const above = addLayer(store, below, { file: "y" });
  const beside = addLayer(store, undefined, { file: "z" });
  const [came, on, elsewhere] = [below, above, beside].map((id, at) => addRecord(store, `came ${at}`, id).key);
  const own = addRecord(store, "own", above).key;
  store.travelled.setSource([came, on, elsewhere] as Digest[], "the cache");
  expect(store.travelled.sourceOfSnapshot(above)).toBe("the cache");
  expect([below, beside, own].map((id) => store.travelled.standsOn(new Set([id])))).toEqual([true, true, false]);
  expect(store.travelled.forgetOn(new Set([below]))).toEqual(["the cache"]);
  expect(store.travelled.standsOn(new Set([below]))).toBe(false);
  const left = store.records.list().map(({ key }) => key);
  expect(new Set(left)).toEqual(new Set([elsewhere, own]));
  expect(store.travelled.forgetOn(new Set([below]))).toEqual([]);
});
