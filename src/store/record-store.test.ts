import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { addLayer, addRecord, tempStore } from "../../test/support/store-lab.ts";
import { sha256 } from "../base/index.ts";
import { openStore, ulid } from "./index.ts";

const hour = 3_600_000;

test("a record is got by its key, with its snapshot only", async () => {
  const store = tempStore();
  const layer = addLayer(store, undefined, { a: "1" });
  const record = addRecord(store, "RUN true", layer);
  expect(store.records.get(record.key)).toEqual(record);
  expect(store.records.get(sha256("other"))).toBeUndefined();
  await store.snapshots.remove(layer);
  expect(store.records.get(record.key)).toBeUndefined();
  expect(store.records.list()).toEqual([]);
});

test("the first record of a key wins, in whichever process it was put", async () => {
  const store = tempStore();
  const other = openStore(store.root);
  onTestFinished(() => other[Symbol.dispose]());
  const first = addRecord(store, "RUN true", addLayer(store, undefined));
  const late = addLayer(other, undefined);
  expect(addRecord(other, "RUN true", late)).toEqual(first);
  expect(store.records.get(first.key)).toEqual(first);
  expect(store.records.put({ ...first, snapshot: late }, { replace: true }).snapshot).toBe(late);
  expect(other.records.get(first.key)?.snapshot).toBe(late);
  await store.snapshots.remove(late);
  const again = addLayer(store, undefined);
  expect(addRecord(store, "RUN true", again).snapshot).toBe(again);
});

test("a record of a snapshot that is not there is refused", () => {
  const store = tempStore();
  expect(() => addRecord(store, "RUN true", "01ARZ3NDEKTSV4RRFFQ69G5FAV")).toThrow(
    expect.objectContaining({ code: "SLIP_STORE" }),
  );
});

test("a look-up marks as used, but not again and again", () => {
  const store = tempStore();
  const { key } = addRecord(store, "RUN true", addLayer(store, undefined));
  const used = (): number => store.records.list()[0]!.lastUsed;
  const start = used();
  vi.useFakeTimers({ now: start + 60_000, toFake: ["Date"] });
  onTestFinished(() => void vi.useRealTimers());
  store.records.get(key);
  expect(used()).toBe(start);
  vi.setSystemTime(start + hour);
  store.records.get(key);
  expect(used()).toBe(start + hour);
  store.records.touch(key, 5);
  expect(used()).toBe(5);
});

test("a folder that cannot be renamed in leaves no record", () => {
  const store = tempStore();
  const record = { id: ulid(), parent: undefined, created: 1, size: 0, entries: 0 };
  expect(() => store.snapshots.publish(record, join(store.root, "nowhere"))).toThrow(/ENOENT/);
  expect(store.snapshots.get(record.id)).toBeUndefined();
});

test("snapshots stand on one another", async () => {
  const store = tempStore();
  const base = addLayer(store, undefined, { a: "1" });
  const child = addLayer(store, base, { b: "22" });
  expect(store.snapshots.chain(child).map(({ id, size }) => [id, size])).toEqual([
    [base, 1],
    [child, 2],
  ]);
  expect(store.snapshots.children(base)).toEqual([child]);
  store.snapshots.setDiffId(child, sha256("tar"));
  expect(store.snapshots.get(child)?.diffId).toBe(sha256("tar"));
  await expect(store.snapshots.remove(base)).rejects.toMatchObject({ code: "SLIP_STORE" });
  const none = "01ARZ3NDEKTSV4RRFFQ69G5FAV";
  expect(await store.snapshots.remove(none)).toBe(false);
  expect(store.snapshots.use(none)).toBe(false);
  expect(() => store.snapshots.chain(none)).toThrow(expect.objectContaining({ code: "SLIP_STORE" }));
  expect(() => store.snapshots.setDiffId(none, sha256("tar"))).toThrow(expect.objectContaining({ code: "SLIP_STORE" }));
  expect(() => addLayer(store, none)).toThrow(expect.objectContaining({ code: "SLIP_STORE" }));
});
