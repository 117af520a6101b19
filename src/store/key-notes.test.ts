import { expect, test } from "vitest";
import { addLayer, tempStore } from "../../test/support/store-lab.ts";
import { sha256 } from "../base/index.ts";
import type { KeyNote, Store } from "./index.ts";

function note(name: string, change: Partial<KeyNote> = {}): KeyNote {
  const about = { place: "here", position: 2, text: "make", made: 1, why: "never built before" };
  return { key: sha256(name), ...about, parts: { name }, ...change };
}

function addNoted(store: Store, name: string, change?: Partial<KeyNote>): void {
  const key = sha256(name);
  const snapshot = addLayer(store, undefined, { file: name });
  store.records.put({ key, identity: key, snapshot, created: 1, description: name }, { note: note(name, change) });
}

test("a note is kept with its record and found by it, its place and its text", () => {
  const store = tempStore();
  addNoted(store, "one");
  addNoted(store, "two", { place: "there", made: 2 });
  addNoted(store, "three", { place: "there", text: "other", made: 3 });
  expect(store.keyNotes.get(sha256("one"))).toEqual(note("one"));
  expect(store.keyNotes.get(sha256("none"))).toBeUndefined();
  const near = store.keyNotes.near("here", "make").map(({ parts }) => parts);
  expect(near).toEqual([{ name: "one" }, { name: "two" }]);
  expect(store.keyNotes.near("there", "nothing")).toHaveLength(2);
});

test("a note of a record that was not the first is not kept", () => {
  const store = tempStore();
  addNoted(store, "one");
  const key = sha256("one");
  const snapshot = addLayer(store, undefined, { file: "again" });
  store.records.put({ key, identity: key, snapshot, created: 1, description: "" }, { note: note("one", { made: 9 }) });
  expect(store.keyNotes.get(key)?.made).toBe(1);
  const replaced = { key, identity: key, snapshot, created: 1, description: "" };
  store.records.put(replaced, { note: note("one", { made: 9 }), replace: true });
  expect(store.keyNotes.get(key)).toMatchObject({ made: 9, parts: { name: "one" } });
});

test("a note loses its parts with its record, whoever removes that, and stays as a trace", async () => {
  const store = tempStore();
  addNoted(store, "one");
  addNoted(store, "two");
  await store.prune({ all: true });
  expect(store.records.list()).toEqual([]);
  for (const name of ["one", "two"]) {
    expect(store.keyNotes.get(sha256(name))).toEqual({ ...note(name), parts: undefined });
  }
  expect(store.keyNotes.near("here", "make")).toEqual([]);
});
