import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { tempStore } from "../../test/support/store-lab.ts";
import { sha256 } from "../base/index.ts";
import { type CacheMountRequest, openStore, type Store } from "./index.ts";

const request = (sharing: CacheMountRequest["sharing"], name = "apt"): CacheMountRequest => ({
  name,
  key: sha256(name),
  sharing,
  fill: async (folder) => writeFileSync(join(folder, "seed"), "new"),
});

/** A second opening of the store, as another process has it. */
function another(store: Store): Store {
  const other = openStore(store.root);
  onTestFinished(() => other[Symbol.dispose]());
  return other;
}

/** Another process that has the cache for itself until it is killed. */
async function holder(root: string, name: string): Promise<ChildProcess> {
  const script = fileURLToPath(new URL("../../test/support/store-children.ts", import.meta.url));
  const child = spawn(process.execPath, [script, root, "hold-cache", name], { stdio: ["ignore", "pipe", "inherit"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  await once(child.stdout, "data");
  return child;
}

const soon = (): AbortSignal => AbortSignal.timeout(100);

test("a cache is filled once and has what its users left", async () => {
  const store = tempStore();
  let folder: string;
  {
    await using use = await store.cacheMounts.use(request("shared"));
    folder = use.folder;
    expect(readFileSync(join(folder, "seed"), "utf8")).toBe("new");
    writeFileSync(join(folder, "seed"), "used");
  }
  await using again = await another(store).cacheMounts.use(request("locked"));
  expect(again.folder).toBe(folder);
  expect(readFileSync(join(again.folder, "seed"), "utf8")).toBe("used");
  await using other = await store.cacheMounts.use(request("locked", "other"));
  expect(other.folder).not.toBe(folder);
  expect(store.cacheMounts.list().map(({ name, inUse }) => `${name} ${inUse}`)).toEqual(["other true", "apt true"]);
});

test("those who share have one folder at once", async () => {
  const store = tempStore();
  await using one = await store.cacheMounts.use(request("shared"));
  await using two = await another(store).cacheMounts.use(request("shared"));
  expect(two.folder).toBe(one.folder);
});

test("one who wants it alone waits for the others, or has another folder", async () => {
  const store = tempStore();
  const one = await store.cacheMounts.use(request("shared"));
  await expect(store.cacheMounts.use(request("locked"), soon())).rejects.toMatchObject({ code: "SLIP_CANCELLED" });
  await using aside = await store.cacheMounts.use(request("private"));
  expect(aside.folder).not.toBe(one.folder);
  const waiting = store.cacheMounts.use(request("locked"));
  await one[Symbol.asyncDispose]();
  await using locked = await waiting;
  expect(locked.folder).toBe(one.folder);
  await using shared = await another(store).cacheMounts.use(request("shared"));
  expect([one.folder, aside.folder]).not.toContain(shared.folder);
});

test("two who make the same cache at once end in one folder", async () => {
  const store = tempStore();
  const other = another(store);
  const uses = await Promise.all([store, other, store].map((each) => each.cacheMounts.use(request("shared"))));
  expect(new Set(uses.map(({ folder }) => folder)).size).toBe(1);
  for (const use of uses) await use[Symbol.asyncDispose]();
  expect(readdirSync(join(store.root, "caches"))).toHaveLength(1);
  expect(await store.verify()).toEqual([]);
});

test("a killed process lets go of its cache at once", async () => {
  const store = tempStore();
  const child = await holder(store.root, "apt");
  await expect(store.cacheMounts.use(request("locked"), soon())).rejects.toMatchObject({ code: "SLIP_CANCELLED" });
  child.kill("SIGKILL");
  await once(child, "exit");
  await using use = await store.cacheMounts.use(request("locked"), AbortSignal.timeout(5000));
  expect(statSync(use.folder).isDirectory()).toBe(true);
  expect(readdirSync(join(store.root, "caches"))).toHaveLength(1);
});

test("a cache whose filling failed is none", async () => {
  const store = tempStore();
  const fill = (): Promise<never> => Promise.reject(new Error("no seed"));
  await expect(store.cacheMounts.use({ ...request("shared"), fill })).rejects.toThrow("no seed");
  expect(store.cacheMounts.list()).toEqual([]);
  expect(readdirSync(join(store.root, "active")).flatMap((id) => readdirSync(join(store.root, "active", id)))).toEqual(
    [],
  );
});

test("a folder that is lost is made again", async () => {
  const store = tempStore();
  const lost = await store.cacheMounts.use(request("shared"));
  await lost[Symbol.asyncDispose]();
  rmSync(lost.folder, { recursive: true });
  expect(await store.verify()).toContainEqual(expect.stringContaining("its folder is missing"));
  await using use = await store.cacheMounts.use(request("shared"));
  expect(readFileSync(join(use.folder, "seed"), "utf8")).toBe("new");
  expect(store.cacheMounts.list()).toHaveLength(1);
});

test("what it takes is counted, and prune frees it, the one used longest ago first, but none that a living build uses", async () => {
  const store = tempStore();
  {
    using builder = openStore(store.root);
    for (const name of ["old", "new"]) {
      await using use = await builder.cacheMounts.use(request("shared", name));
      writeFileSync(join(use.folder, "data"), Buffer.alloc(100_000, 1));
      await new Promise((done) => setTimeout(done, 5));
    }
  }
  const { cacheMounts, rest } = store.du();
  expect(cacheMounts).toMatchObject({ count: 2, active: 0, reclaimable: cacheMounts.bytes });
  expect(cacheMounts.bytes).toBeGreaterThan(200_000);
  expect(rest["caches"]).toBeLessThan(50_000);
  const removed = await store.prune({ keepBytes: 150_000 });
  expect(removed.cacheMounts).toHaveLength(1);
  expect(removed.bytes).toBeGreaterThan(100_000);
  expect(store.cacheMounts.list().map(({ name }) => name)).toEqual(["new"]);
  const builder = another(store);
  const use = await builder.cacheMounts.use(request("shared", "new"));
  expect((await store.prune()).cacheMounts).toEqual([]);
  await use[Symbol.asyncDispose]();
  builder[Symbol.dispose]();
  expect((await store.prune()).cacheMounts).toHaveLength(1);
  expect(existsSync(use.folder)).toBe(false);
  expect(await store.verify()).toEqual([]);
});
