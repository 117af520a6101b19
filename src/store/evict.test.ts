import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { addImage, addRecord, stream, tempFolder } from "../../test/support/store-lab.ts";
import { sha256 } from "../base/index.ts";
import { type Eviction, measureFolder, openStore, type SnapshotId, type Store, ulid } from "./index.ts";

const day = 86_400_000;
const mb = 4_000_000;
const limitOf = (max: number, keep = max) => ({ max, keep, label: `storage.max ${max}` });

/** Bytes that du(1) finds. */
const reallyUsed = (path: string): number =>
  Number(execFileSync("du", ["-s", "--block-size=1", path], { encoding: "utf8" }).split("\t")[0]);

async function layer(store: Store, parent: SnapshotId | undefined, bytes: number): Promise<SnapshotId> {
  const folder = store.scratch();
  mkdirSync(join(folder, "fs"));
  writeFileSync(join(folder, "fs/file"), Buffer.alloc(bytes, 1));
  const id = ulid();
  store.snapshots.publish({ id, parent, created: Date.now(), ...(await measureFolder(join(folder, "fs"))) }, folder);
  return id;
}

/** A store with steps of 4 MB each on a base of 4 MB; the first was used longest ago. */
async function steps(count: number) {
  const root = tempFolder();
  using build = openStore(root);
  const base = await layer(build, undefined, mb);
  build.images.tagBeside("debian:bookworm", addImage(build, [base], "debian", false).id);
  const ids: SnapshotId[] = [];
  for (let at = 0; at < count; at++) {
    const id = await layer(build, base, mb);
    addRecord(build, `step ${at}`, id);
    ids.push(id);
  }
  return { root, base, ids };
}

/** As if the rows had been used so many days ago, in the order of their names. */
function age(root: string, days: number): void {
  const db = new DatabaseSync(join(root, "slipway.db"));
  db.exec(`UPDATE snapshots SET last_used = last_used - ${days * day}; UPDATE images SET last_used = last_used - ${days * day};
    UPDATE blobs SET last_used = last_used - ${days * day};
    UPDATE records SET last_used = last_used - ${days * day} + (SELECT count(*) FROM records AS r WHERE r.description < records.description);`);
  db.close();
}

function open(root: string, max: number, keep?: number, onEviction?: (eviction: Eviction) => void): Store {
  const store = openStore(root, { limit: limitOf(max, keep), onEviction });
  onTestFinished(() => store[Symbol.dispose]());
  return store;
}

const named = ({ things }: Eviction): readonly string[] => things.map(({ kind, name }) => `${kind} ${name}`);

test("a store within its limit is left alone", async () => {
  const { root } = await steps(3);
  expect(await open(root, 100 * mb).keepWithin({ when: "done" })).toBeUndefined();
  expect(openStore(root).records.list()).toHaveLength(3);
});

test("what was used longest ago goes until the store is within its limit, and is told of", async () => {
  const { root, ids, base } = await steps(6);
  age(root, 10);
  const store = open(root, 5 * mb, 4 * mb);
  const eviction = (await store.keepWithin({ when: "done" })) as Eviction;
  expect(named(eviction)).toEqual(["step step 0", "step step 1", "step step 2", "step step 3"]);
  expect(eviction.over).toBe(false);
  expect(eviction.things[0]?.bytes).toBeGreaterThanOrEqual(mb);
  expect(Date.now() - (eviction.things[0]?.lastUsed ?? 0)).toBeGreaterThan(9 * day);
  expect(reallyUsed(root)).toBeLessThan(5 * mb);
  expect(existsSync(store.snapshots.folder(ids[5] as string))).toBe(true);
  expect(existsSync(store.snapshots.folder(base))).toBe(true);
  expect(await store.keepWithin({ when: "done" })).toBeUndefined();
  expect(store.evictions()).toHaveLength(4);
  expect(store.evictions().at(-1)).toMatchObject({ kind: "step", name: "step 0", cap: `storage.max ${5 * mb}` });
  expect(await store.verify()).toEqual([]);
});

test("a layer goes after what stands on it, and is as young as that", async () => {
  const root = tempFolder();
  {
    using build = openStore(root);
    const below = await layer(build, undefined, mb);
    addRecord(build, "a below", below);
    addRecord(build, "b above", await layer(build, below, mb));
    addRecord(build, "c alone", await layer(build, undefined, mb));
    age(root, 10);
    build.records.touch(sha256("b above"), Date.now() - day);
  }
  const eviction = (await open(root, 2.5 * mb, 1.2 * mb).keepWithin({ when: "done" })) as Eviction;
  expect(named(eviction)).toEqual(["step c alone", "step b above"]);
});

test("names that people gave keep their images, whatever they take; a base that a build brought is cache", async () => {
  const { root, ids, base } = await steps(2);
  {
    using build = openStore(root);
    build.images.tag("app", addImage(build, [base, ids[0] as string], "app").id);
    const wanted = await layer(build, undefined, mb);
    build.images.tagBeside("alpine", addImage(build, [wanted], "alpine", false).id, { asked: true });
    const brought = await layer(build, undefined, mb);
    build.images.tagBeside("busybox", addImage(build, [brought], "busybox", false).id);
    addImage(build, [await layer(build, undefined, mb)], "dangling");
  }
  age(root, 10);
  const store = open(root, 2 * mb);
  const eviction = (await store.keepWithin({ when: "done" })) as Eviction;
  expect(named(eviction).toSorted()).toEqual([
    "image docker.io/library/busybox:latest",
    expect.stringMatching(/^image sha256:/),
    "step step 1",
  ]);
  expect(eviction.over).toBe(true);
  expect(store.images.named("app")).toHaveLength(1);
  expect(store.images.named("alpine")).toHaveLength(1);
  // The base is part of app: taking its name away would free nothing.
  expect(store.images.named("debian:bookworm")).toHaveLength(1);
  const again = (await store.keepWithin({ when: "done" })) as Eviction;
  expect([again.things, again.over]).toEqual([[], true]);
});

test("layers that are not here yet go with the base that a build brought", async () => {
  const root = tempFolder();
  {
    using build = openStore(root);
    const blob = { mediaType: "application/vnd.oci.image.layer.v1.tar", digest: sha256("blob"), size: 50 * mb };
    const sources = [{ kind: "registry" as const, repository: "r.example/a" }];
    const { id } = build.remoteLayers.publish({ parent: undefined, diffId: sha256("tar"), blob, sources });
    build.images.tagBeside("r.example/a:1", addImage(build, [id], "lazy", false).id);
    addRecord(build, "step", await layer(build, id, mb));
  }
  age(root, 10);
  const store = open(root, mb);
  // What is elsewhere takes nothing here.
  expect(Math.abs(store.du().total - reallyUsed(root)) / reallyUsed(root)).toBeLessThan(0.01);
  expect(named((await store.keepWithin({ when: "done" })) as Eviction)).toEqual(["step step"]);
  expect(store.images.named("r.example/a:1")).toHaveLength(1);
  expect(await store.verify()).toEqual([]);
});

test("what a running build uses stays; what this process has used, until it is done", async () => {
  const { root } = await steps(3);
  age(root, 10);
  const store = open(root, mb);
  const other = openStore(root);
  expect(other.records.get(sha256("step 0"))).toBeDefined();
  expect(store.records.get(sha256("step 1"))).toBeDefined();
  expect(named((await store.keepWithin({ when: "running" })) as Eviction)).toEqual(["step step 2"]);
  expect(named((await store.keepWithin({ when: "done" })) as Eviction)).toEqual([]);
  other[Symbol.dispose]();
  expect(named((await store.keepWithin({ when: "done", since: Date.now() - 1000 })) as Eviction)).toContain(
    "step step 0",
  );
});

test("an image that has just been built stays without a name", async () => {
  const root = tempFolder();
  const started = Date.now() - 1000;
  const store = open(root, mb);
  const image = addImage(store, [await layer(store, undefined, 2 * mb)], "new");
  expect(await store.keepWithin({ when: "done", since: started })).toMatchObject({ things: [], over: true });
  expect(store.images.get(image.id)).toBeDefined();
});

test("room is made before a blob comes whose size is known", async () => {
  const { root } = await steps(4);
  age(root, 10);
  const told: Eviction[] = [];
  const store = open(root, 6 * mb, 6 * mb, (eviction) => told.push(eviction));
  const bytes = Buffer.alloc(3 * mb, 7);
  await store.blobs.write(stream(bytes), { digest: sha256(bytes), size: bytes.length });
  expect(told.map(named)).toEqual([["step step 0", "step step 1", "step step 2"]]);
  expect(reallyUsed(root)).toBeLessThan(6 * mb);
});

test("a later miss is told why", async () => {
  const { root, base } = await steps(1);
  const key = sha256("noted");
  {
    using build = openStore(root);
    const note = { key, place: "p", position: 1, text: "t", made: 1, why: "", parts: {} };
    build.records.put(
      { key, identity: key, snapshot: await layer(build, base, mb), created: 1, description: "noted" },
      { note },
    );
  }
  age(root, 10);
  const store = open(root, 2 * mb);
  await store.keepWithin({ when: "done" });
  expect(store.keyNotes.get(key)?.gone).toBe(
    `evicted on ${new Date().toISOString().slice(0, 10)}: storage.max ${2 * mb}`,
  );
});

async function start(root: string, action: "build" | "evict"): Promise<ChildProcess> {
  const script = fileURLToPath(new URL("../../test/support/store-children.ts", import.meta.url));
  const child = spawn(process.execPath, [script, root, action, "60000"], { stdio: ["ignore", "pipe", "inherit"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  await once(child.stdout, "data");
  return child;
}

test(
  "killed in the middle of evictions, processes leave a store that recover makes whole",
  { timeout: 60_000 },
  async () => {
    const root = tempFolder();
    let evicted = 0;
    for (let round = 0; round < 2; round++) {
      // No living build when the second one evicts: then everything without a name may go.
      const builder = await start(root, "build");
      const beside = await start(root, "evict");
      await sleep(150);
      for (const child of [beside, builder]) {
        child.kill("SIGKILL");
        await once(child, "exit");
      }
      const alone = await start(root, "evict");
      using store = openStore(root);
      const before = store.evictions().length;
      // It is in the middle of its work then.
      for (let at = 0; at < 500 && store.evictions().length === before; at++) await sleep(5);
      alone.kill("SIGKILL");
      await once(alone, "exit");
      await store.recover();
      expect(await store.verify({ blobs: true })).toEqual([]);
      evicted = Math.max(evicted, store.evictions().length);
    }
    expect(evicted).toBeGreaterThan(0);
  },
);
