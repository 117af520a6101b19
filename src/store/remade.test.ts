import { existsSync, mkdirSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { tempStore } from "../../test/support/store-lab.ts";
import { openStore } from "./index.ts";

function put(root: string, path: string, ageInDays: number): string {
  const file = join(root, path);
  mkdirSync(join(file, ".."), { recursive: true });
  writeFileSync(file, Buffer.alloc(20_000));
  const time = Date.now() / 1000 - ageInDays * 86_400;
  utimesSync(file, time, time);
  return file;
}

test("prune takes what is known of contexts that no build has used for weeks, and the archive's indexes; releases stay", async () => {
  const store = tempStore();
  const [old, late, index, release] = [
    put(store.root, "statcache/old", 30),
    put(store.root, "statcache/late", 3),
    put(store.root, "debian/indexes/abc", 1),
    put(store.root, "debian/releases/bookworm.json", 90),
  ];
  const { remade, total } = store.du();
  expect(remade["statcache"]).toMatchObject({ count: 2, reclaimable: 20_480, reclaimableWithAll: 40_960 });
  expect(remade["debian/indexes"]).toMatchObject({ count: 1, reclaimable: 20_480 });
  const removed = await store.prune();
  expect(removed.bytes).toBe(40_960);
  expect([old, late, index, release].map((file) => existsSync(file))).toEqual([false, true, false, true]);
  // The database may have grown.
  expect(total - store.du().total).toBeGreaterThan(20_000);
  await store.prune({ all: true });
  expect([late, release].map((file) => existsSync(file))).toEqual([false, true]);
});

test("what a running build may be reading stays", async () => {
  const store = tempStore();
  using build = openStore(store.root);
  build.scratch();
  const index = put(store.root, "debian/indexes/abc", 0);
  await store.prune({ all: true });
  expect(existsSync(index)).toBe(true);
});
