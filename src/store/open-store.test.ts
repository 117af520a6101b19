import { existsSync, statSync, writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, onTestFinished, test } from "vitest";
import { addLayer, addRecord, tempFolder, tempStore } from "../../test/support/store-lab.ts";
import { defaultStoreRoot, openStore } from "./index.ts";
import { migrations } from "./schema.ts";

test.each([
  [{ SLIPWAY_ROOT: "/x/y", XDG_DATA_HOME: "/data" }, 0, "/x/y"],
  [{ HOME: "/root" }, 0, "/var/lib/slipway"],
  [{ HOME: "/home/me" }, 1000, "/home/me/.local/share/slipway"],
  [{ HOME: "/home/me", XDG_DATA_HOME: "/data" }, 1000, "/data/slipway"],
  [{ HOME: "/home/me", XDG_DATA_HOME: "relative" }, 1000, "/home/me/.local/share/slipway"],
])("with %o user %i has the store %s", (env, uid, root) => {
  expect(defaultStoreRoot(env, uid)).toBe(root);
});

test("a new store is for its user alone, and a path has its folders", () => {
  const root = join(tempFolder(), "a/b");
  using store = openStore(root);
  expect(statSync(root).mode & 0o777).toBe(0o700);
  const path = store.path("statcache", "x", "file");
  expect(path).toBe(join(root, "statcache/x/file"));
  expect(statSync(join(root, "statcache/x")).isDirectory()).toBe(true);
  expect(existsSync(path)).toBe(false);
});

test("what one store wrote another one reads, also while a write is under way", () => {
  const store = tempStore();
  const { key } = addRecord(store, "RUN true", addLayer(store, undefined));
  const writer = new DatabaseSync(join(store.root, "slipway.db"));
  onTestFinished(() => writer.close());
  using reader = openStore(store.root, { busyTimeout: 50 });
  expect(reader.records.get(key)).toBeDefined();
  writer.exec("BEGIN IMMEDIATE; DELETE FROM records");
  expect(reader.records.get(key)).toBeDefined();
  expect(reader.images.list()).toEqual([]);
  expect(() => reader.records.delete(key)).toThrow(expect.objectContaining({ code: "SLIP_STORE" }));
  writer.exec("ROLLBACK");
  reader.records.delete(key);
  expect(reader.records.get(key)).toBeUndefined();
});

test("a store of a newer slipway is refused with the remedy", () => {
  const root = tempFolder();
  openStore(root)[Symbol.dispose]();
  const db = new DatabaseSync(join(root, "slipway.db"));
  db.exec(`PRAGMA user_version = ${migrations.length + 1}`);
  db.close();
  expect(() => openStore(root)).toThrow(/a newer slipway made it/);
});

test("a damaged store is refused with the remedy", () => {
  const root = tempFolder();
  writeFileSync(join(root, "slipway.db"), "this is no database at all ".repeat(100));
  expect(() => openStore(root)).toThrow(
    expect.objectContaining({ code: "SLIP_STORE", hint: expect.any(String) as string }),
  );
});

test("a store that cannot be made says where", () => {
  const root = tempFolder();
  writeFileSync(join(root, "file"), "");
  expect(() => openStore(join(root, "file/store"))).toThrow(/Cannot make the store .*file\/store/);
});

test("an empty HOME is none: the user's own folder holds the store", () => {
  expect(defaultStoreRoot({ HOME: "" }, 1000)).toBe(join(userInfo().homedir, ".local/share/slipway"));
});

test("a store where no folder can be made says so", () => {
  expect(() => openStore("/proc/nowhere/store")).toThrow(/Cannot make the store \/proc\/nowhere/);
});
