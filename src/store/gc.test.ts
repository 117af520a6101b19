import { existsSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, onTestFinished, test } from "vitest";
import { addImage, addLayer, addRecord, stream, tempStore } from "../../test/support/store-lab.ts";
import { sha256 } from "../base/index.ts";
import { encodeConfig } from "../oci/index.ts";
import { type ImageRecord, openStore, type PruneOptions, type Store } from "./index.ts";

const day = 86_400_000;

/** A store that a build used and closed: what a later `prune` meets. */
function usedStore<T>(build: (store: Store) => T): { readonly store: Store; readonly built: T } {
  const store = tempStore();
  using builder = openStore(store.root);
  return { store, built: build(builder) };
}

/** Two stages: `base <- tools <- compiled` is left behind, `final` is shipped; an old image lost its name to the new one. */
function twoStages(store: Store) {
  const base = addLayer(store, undefined, { base: "b".repeat(100) });
  const tools = addLayer(store, base, { tools: "t".repeat(1000) });
  const compiled = addLayer(store, tools, { compiled: "c".repeat(10) });
  const final = addLayer(store, undefined, { app: "a".repeat(7) });
  const old = addLayer(store, undefined, { app: "o".repeat(5) });
  const debian = addImage(store, [base], "debian", false);
  store.images.tag("debian:bookworm", debian.id);
  const before = addImage(store, [old], "before");
  store.images.tag("app", before.id);
  const app = addImage(store, [final], "after");
  store.images.tag("app", app.id);
  for (const [key, id] of Object.entries({ tools, compiled, final, old })) addRecord(store, key, id);
  return { base, tools, compiled, final, old, debian, before, app };
}

const described = (records: readonly { readonly description: string }[]): readonly string[] =>
  records.map(({ description }) => description).toSorted();

test("prune removes images without a name, stages left behind and their records", async () => {
  const { store, built } = usedStore(twoStages);
  const removed = await store.prune();
  expect(removed.images).toEqual([built.before.id]);
  expect(described(removed.records)).toEqual(["compiled", "old", "tools"]);
  expect(removed.snapshots.toSorted()).toEqual([built.tools, built.compiled, built.old].toSorted());
  expect(removed.bytes).toBe(1015);
  expect(described(store.records.list())).toEqual(["final"]);
  expect(existsSync(store.snapshots.folder(built.tools))).toBe(false);
  expect(existsSync(store.snapshots.folder(built.final))).toBe(true);
  expect(await store.verify()).toEqual([]);
  const nothing = { images: [], records: [], snapshots: [], blobs: [], cacheMounts: [], failedSteps: [], bytes: 0 };
  expect(await store.prune()).toEqual(nothing);
});

test("prune with all also removes bases and the cache of what images hold, never a built image with a name", async () => {
  const { store, built } = usedStore(twoStages);
  store.facts.set("archive", 1);
  const removed = await store.prune({ all: true });
  expect(removed.images.toSorted()).toEqual([built.debian.id, built.before.id].toSorted());
  expect(store.records.list()).toEqual([]);
  expect(store.snapshots.list().map(({ id }) => id)).toEqual([built.final]);
  expect(store.images.list().map(({ id }) => id)).toEqual([built.app.id]);
  expect(store.facts.get("archive")).toBeUndefined();
  expect(await store.verify()).toEqual([]);
});

test("a base that a built image stands on is kept as layers", async () => {
  const { store, built } = usedStore((build) => {
    const base = addLayer(build, undefined, { base: "b" });
    const top = addLayer(build, base, { top: "t" });
    const debian = addImage(build, [base], "debian", false);
    build.images.tag("debian", debian.id);
    build.images.tag("app", addImage(build, [base, top], "app").id);
    return { base, debian };
  });
  const removed = await store.prune({ all: true });
  expect(removed.images).toEqual([built.debian.id]);
  expect(removed.snapshots).toEqual([]);
});

test("filterUntil spares what was used later", async () => {
  const { store } = usedStore(twoStages);
  const yesterday = Date.now() - day;
  expect((await store.prune({ filterUntil: yesterday })).bytes).toBe(0);
  store.records.touch(sha256("compiled"), yesterday - 1);
  const removed = await store.prune({ filterUntil: yesterday });
  expect(described(removed.records)).toEqual(["compiled"]);
  expect(removed.images).toEqual([]);
});

test("keepBytes removes what was used longest ago until the rest fits", async () => {
  const { store, built } = usedStore((build) => {
    const layers = ["a", "b", "c", "d"].map((name, i) => {
      const id = addLayer(build, undefined, { [name]: "x".repeat(100) });
      addRecord(build, name, id);
      build.records.touch(sha256(name), Date.now() - (10 - i) * day);
      return id;
    });
    return layers;
  });
  const removed = await store.prune({ keepBytes: 250 });
  expect(described(removed.records)).toEqual(["a", "b"]);
  expect(removed.snapshots.toSorted()).toEqual(built.slice(0, 2).toSorted());
  expect(store.snapshots.list()).toHaveLength(2);
});

test("blobs of layers that are there stay, others go", async () => {
  const { store } = usedStore((build) => build);
  const builder = openStore(store.root);
  const layer = addLayer(builder, undefined);
  builder.snapshots.setDiffId(layer, sha256("tar"));
  builder.images.tag("app", addImage(builder, [layer], "app").id);
  const used = await builder.blobs.write(stream("compressed"));
  builder.layerBlobs.put({
    diffId: sha256("tar"),
    compression: "gzip",
    level: 1,
    digest: used.digest,
    size: used.size,
  });
  const unused = await builder.blobs.write(stream("a package"));
  builder[Symbol.dispose]();
  const removed = await store.prune();
  expect(removed.blobs).toEqual([unused.digest]);
  // A block of the disk, however few bytes it holds.
  expect(removed.bytes).toBeGreaterThanOrEqual(unused.size);
  expect(existsSync(store.blobs.path(unused.digest))).toBe(false);
  expect((await store.prune({ all: true })).blobs).toEqual([used.digest]);
  expect(await store.verify({ blobs: true })).toEqual([]);
});

test("what nobody could make again stays: an image that was loaded, and the archive of a layer that its folder does not give", async () => {
  const { store } = usedStore((build) => build);
  const builder = openStore(store.root);
  const layer = addLayer(builder, undefined);
  builder.snapshots.setDiffId(layer, sha256("tar"));
  const image = addImage(builder, [layer], "loaded");
  builder.images.tag("loaded", image.id);
  builder.facts.set(`loaded ${image.id}`, true, image.id);
  const { digest, size } = await builder.blobs.write(stream("as it came"));
  const blob = { diffId: sha256("tar"), compression: "gzip", level: 4, digest, size } as const;
  builder.layerBlobs.put({ ...blob, irreplaceable: true });
  // Whoever notes it once more does not take that back.
  builder.layerBlobs.put(blob);
  builder[Symbol.dispose]();
  expect(await store.prune({ all: true })).toMatchObject({ images: [], blobs: [] });
  store.images.remove(image.id);
  expect((await store.prune({ all: true })).snapshots).toEqual([layer]);
  expect((await store.prune({ all: true })).blobs).toEqual([digest]);
});

test("nothing that a living build has used is removed, whatever is asked for", async () => {
  const { store, built } = usedStore(twoStages);
  const builder = openStore(store.root);
  onTestFinished(() => builder[Symbol.dispose]());
  expect(builder.records.get(sha256("compiled"))).toBeDefined();
  const made = addLayer(builder, built.compiled);
  const blob = await builder.blobs.write(stream("new"));
  const image = addImage(builder, [], "not yet named");
  for (const options of [{}, { all: true }, { keepBytes: 0 }]) await store.prune(options);
  await store.collect();
  expect(builder.records.get(sha256("compiled"))?.snapshot).toBe(built.compiled);
  expect(existsSync(builder.snapshots.folder(built.base))).toBe(true);
  expect(existsSync(builder.snapshots.folder(made))).toBe(true);
  expect(await builder.blobs.stat(blob.digest)).toBeDefined();
  expect(builder.images.get(image.id)).toBeDefined();
  builder[Symbol.dispose]();
  const removed = await store.prune();
  expect(removed.snapshots).toContain(made);
  expect(removed.blobs).toEqual([blob.digest]);
  expect(removed.images).toContain(image.id);
});

test("an image that a living build stands on stays, however long ago it was last used", async () => {
  const { store, built } = usedStore(twoStages);
  const rows = new DatabaseSync(join(store.root, "slipway.db"));
  rows.exec(`UPDATE images SET last_used = ${Date.now() - day}; UPDATE snapshots SET last_used = ${Date.now() - day}`);
  rows.close();
  const builder = openStore(store.root);
  onTestFinished(() => builder[Symbol.dispose]());
  expect([built.debian.id, sha256("other")].map((id) => builder.images.use(id))).toEqual([true, false]);
  expect((await store.prune({ all: true })).images).toEqual([built.before.id]);
  expect(existsSync(store.snapshots.folder(built.base))).toBe(true);
  builder[Symbol.dispose]();
  expect((await store.prune({ all: true })).images).toEqual([built.debian.id]);
});

test("a process that recovers and then prunes does not protect what others have just used", async () => {
  const { store } = usedStore(twoStages);
  await store.recover();
  const usage = store.du();
  const removed = await store.prune();
  expect(described(removed.records)).toEqual(["compiled", "old", "tools"]);
  expect(removed.bytes).toBe(usage.images.reclaimable + usage.cache.reclaimable);
});

test("what was last used long before a living build began goes", async () => {
  const { store } = usedStore((build) => {
    addRecord(build, "old", addLayer(build, undefined));
    build.records.touch(sha256("old"), Date.now() - day);
  });
  const builder = openStore(store.root);
  onTestFinished(() => builder[Symbol.dispose]());
  addRecord(builder, "new", addLayer(builder, undefined));
  expect(described((await store.prune()).records)).toEqual(["old"]);
});

test("collect removes what nothing refers to, and no more", async () => {
  const { store, built } = usedStore((build) => {
    const stages = twoStages(build);
    const orphan = addLayer(build, undefined, { x: "12345" });
    return { ...stages, orphan, onOrphan: addLayer(build, orphan, { y: "678" }) };
  });
  const removed = await store.collect();
  expect(removed.snapshots.toSorted()).toEqual([built.orphan, built.onOrphan].toSorted());
  expect(removed.bytes).toBe(8);
  expect(removed.records).toEqual([]);
  expect(store.images.list()).toHaveLength(3);
  store.images.remove(built.debian.id);
  expect((await store.collect()).snapshots).toEqual([]);
});

test("a prune takes the kinds that are asked for, and of images those of the labels", async () => {
  const { store, built } = usedStore((build) => {
    const stages = twoStages(build);
    const labelled = (Labels: Readonly<Record<string, string>>): ImageRecord => {
      const rootfs = { type: "layers" as const, diff_ids: [] };
      const config = { architecture: "amd64", os: "linux", config: { Labels }, rootfs };
      const image = { id: encodeConfig(config).id, config, snapshots: [], size: 0, created: 1 };
      build.images.put(image);
      return image;
    };
    return { ...stages, old: labelled({ team: "a" }), kept: labelled({ team: "a", keep: "yes" }) };
  });
  const only = async (options: PruneOptions) => {
    const { images, records } = await store.prune({ ...options, dryRun: true });
    return [images.length, records.length];
  };
  expect(await only({})).toEqual([3, 3]);
  expect(await only({ kinds: ["cache"] })).toEqual([0, 2]);
  expect(await only({ kinds: ["file", "failed step"] })).toEqual([0, 0]);
  const labels = [
    { name: "team", value: "a" },
    { name: "keep", not: true },
  ];
  expect(await only({ kinds: ["image"], labels: [{ name: "team", value: "b" }] })).toEqual([0, 0]);
  expect((await store.prune({ kinds: ["image"], labels })).images).toEqual([built.old.id]);
  expect(store.images.get(built.kept.id)).toBeDefined();
});

test("maxUsedBytes and minFreeBytes stop where keepBytes says", async () => {
  const { store } = usedStore((build) => {
    for (const [at, name] of ["a", "b", "c", "d"].entries()) {
      addRecord(build, name, addLayer(build, undefined, { [name]: "x".repeat(100) }));
      build.records.touch(sha256(name), Date.now() - (10 - at) * day);
    }
  });
  const foreseen = async (options: PruneOptions) =>
    described((await store.prune({ ...options, dryRun: true })).records);
  expect(await foreseen({ maxUsedBytes: 250 })).toEqual(["a", "b"]);
  expect(await foreseen({ maxUsedBytes: 50, keepBytes: 150 })).toEqual(["a", "b", "c"]);
  expect(await foreseen({ minFreeBytes: 0 })).toEqual([]);
  const enormous = Number.MAX_SAFE_INTEGER;
  expect(await foreseen({ minFreeBytes: enormous })).toEqual(["a", "b", "c", "d"]);
  expect(await foreseen({ minFreeBytes: enormous, keepBytes: 300 })).toEqual(["a"]);
  expect(store.records.list()).toHaveLength(4);
});
