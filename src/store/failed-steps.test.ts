import { expect, test } from "vitest";
import { addLayer, tempStore } from "../../test/support/store-lab.ts";
import { openStore, type Store, ulid } from "./index.ts";

/** What a build whose process has ended left. */
function fail(root: string, created: number): string {
  using build: Store = openStore(root);
  const snapshot = addLayer(build, undefined, { file: "x".repeat(50_000) });
  build.failedSteps.add({ snapshot, created, state: { exitCode: 1 } });
  return snapshot;
}

test("the latest few are kept, with their snapshots; collect takes those that made way", async () => {
  const store = tempStore();
  const ids = [1, 2, 3, 4, 5].map((time) => fail(store.root, time));
  expect(store.failedSteps.list()).toEqual(
    [5, 4, 3].map((created) => ({ snapshot: ids[created - 1], created, state: { exitCode: 1 } })),
  );
  const removed = await store.collect();
  expect(removed.snapshots.toSorted()).toEqual(ids.slice(0, 2).toSorted());
  expect(store.snapshots.get(ids[4] as string)).toBeDefined();
  expect(await store.verify()).toEqual([]);
});

test("du counts them apart, and prune takes them", async () => {
  const store = tempStore();
  const id = fail(store.root, 1);
  const usage = store.du();
  expect(usage.failedSteps.count).toBe(1);
  expect(usage.failedSteps.bytes).toBeGreaterThan(50_000);
  expect(usage.failedSteps.reclaimable).toBe(usage.failedSteps.bytes);
  expect(usage.cache.bytes).toBe(0);
  const removed = await store.prune();
  expect(removed.failedSteps).toEqual([id]);
  expect(removed.bytes).toBe(usage.failedSteps.bytes);
  expect(store.failedSteps.list()).toEqual([]);
  expect(await store.verify()).toEqual([]);
});

test("of a snapshot that is not there nothing is kept", () => {
  const store = tempStore();
  expect(() => store.failedSteps.add({ snapshot: ulid(), created: 1, state: {} })).toThrow("Cannot find the snapshot");
});
