import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, onTestFinished, test, vi } from "vitest";
import { stream, tempFolder, tempStore } from "../../test/support/store-lab.ts";
import { sha256 } from "../base/index.ts";
import { ulid } from "./index.ts";

/** Ends every transaction as SQLite does on a full disk. */
function fillDisk(): void {
  const exec = Object.getOwnPropertyDescriptor(DatabaseSync.prototype, "exec")?.value as (sql: string) => void;
  const full = vi.spyOn(DatabaseSync.prototype, "exec").mockImplementation(function (this: DatabaseSync, sql) {
    if (sql === "COMMIT") throw Object.assign(new Error("database or disk is full"), { errcode: 13 });
    exec.call(this, sql);
  });
  onTestFinished(() => full.mockRestore());
}

test("a snapshot that the disk has no room to record leaves no folder behind", () => {
  const store = tempStore();
  const folder = store.scratch();
  mkdirSync(join(folder, "fs"));
  fillDisk();
  const record = { id: ulid(), parent: undefined, created: Date.now(), size: 0, entries: 0 };
  expect(() => store.snapshots.publish(record, folder)).toThrow("the disk is full");
  expect(store.snapshots.list()).toEqual([]);
  expect(readdirSync(join(store.root, "snapshots"))).toEqual([]);
  expect(existsSync(join(folder, "fs"))).toBe(true);
});

test("a cache mount that the disk has no room to record leaves no folder behind", async () => {
  const store = tempStore();
  const fill = async (): Promise<void> => fillDisk();
  const use = store.cacheMounts.use({ name: "c", key: sha256("c"), sharing: "shared", fill });
  await expect(use).rejects.toMatchObject({ code: "SLIP_DISK_FULL" });
  expect(store.cacheMounts.list()).toEqual([]);
  expect(readdirSync(join(store.root, "caches"))).toEqual([]);
});

test("a blob that the disk has no room to record leaves no file behind; one that is there stays", async () => {
  const store = tempStore();
  const there = await store.blobs.write(stream("hello"));
  const file = join(tempFolder(), "file");
  writeFileSync(file, "hello");
  fillDisk();
  await expect(store.blobs.write(stream("other"))).rejects.toMatchObject({ code: "SLIP_DISK_FULL" });
  expect(existsSync(store.blobs.path(sha256("other")))).toBe(false);
  await expect(store.blobs.adopt(file, there)).rejects.toMatchObject({ code: "SLIP_DISK_FULL" });
  expect(readFileSync(store.blobs.path(there.digest), "utf8")).toBe("hello");
});
