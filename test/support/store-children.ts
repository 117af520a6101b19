// Processes that use one store at once, for tests that kill them. Arguments: the store's folder, what to do, a name.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { sha256 } from "../../src/base/index.ts";
import { encodeConfig } from "../../src/oci/index.ts";
import { openStore, type SnapshotId, type Store, ulid } from "../../src/store/index.ts";

const [root = "", action = "", name = ""] = process.argv.slice(2);
const limit = { max: 1, keep: 0, label: "storage.max 1" };
const store = openStore(root, action === "evict" ? { limit } : {});

const random = (below: number): number => Math.floor(Math.random() * below);

/** A layer as the snapshotter makes it: in a folder of this process, then published. */
function makeLayer(parent: SnapshotId | undefined): SnapshotId {
  const folder = store.scratch();
  mkdirSync(join(folder, "fs"));
  mkdirSync(join(folder, "fs/d"));
  const size = random(5000);
  writeFileSync(join(folder, "fs/d/f"), Buffer.alloc(size, 1));
  const id = ulid();
  store.snapshots.publish({ id, parent, created: Date.now(), size, entries: 2 }, folder);
  return id;
}

async function* chunks(seed: string): AsyncGenerator<Uint8Array> {
  for (let i = 0; i < 4; i++) {
    yield Buffer.alloc(20_000, `${seed}${i}`);
    await sleep(0);
  }
}

/** Everything a build does to a store, on few keys, so that processes meet. */
async function build(builder: Store): Promise<void> {
  let parent: SnapshotId | undefined;
  const layers: SnapshotId[] = [];
  for (let step = 0; step < 4; step++) {
    // Half of the steps are new, the others are there already.
    const key = sha256(`${parent ?? ""}${random(2) === 0 ? ulid() : random(2)}`);
    const hit = builder.records.get(key);
    const snapshot: SnapshotId =
      hit?.snapshot ??
      builder.records.put({ key, identity: key, snapshot: makeLayer(parent), created: Date.now(), description: "" })
        .snapshot;
    // What a build was given is there for as long as it lives.
    if (builder.snapshots.chain(snapshot).length !== step + 1) throw new Error("a chain of another length");
    writeFileSync(join(builder.snapshots.folder(snapshot), "../used"), "");
    parent = snapshot;
    layers.push(snapshot);
  }
  const blob = await builder.blobs.write(chunks(`${random(3)}`));
  const diffId = sha256(blob.digest);
  builder.layerBlobs.put({ diffId, compression: "none", level: 0, digest: blob.digest, size: blob.size });
  for await (const chunk of builder.blobs.read(blob.digest)) void chunk;
  const config = {
    architecture: "amd64",
    os: "linux",
    author: `${random(3)}`,
    rootfs: { type: "layers" as const, diff_ids: [diffId] },
  };
  const { id } = encodeConfig(config);
  builder.images.put({ id, config, snapshots: layers, size: 0, created: Date.now() });
  builder.images.tag(`app:${random(3)}`, id);
}

if (action === "hold") {
  await store.lock(name);
  process.stdout.write("held\n");
  await sleep(60_000);
} else if (action === "hold-cache") {
  await store.cacheMounts.use({ name, key: sha256(name), sharing: "locked", fill: async () => undefined });
  process.stdout.write("held\n");
  await sleep(60_000);
} else if (action === "register") {
  // As a holder registers, but slowly: the file is there some time before it is locked.
  const db = new DatabaseSync(join(root, "slipway.db"), { timeout: 10_000 });
  db.exec("BEGIN IMMEDIATE");
  const holder = new DatabaseSync(join(root, "holders", name));
  process.stdout.write("half\n");
  await sleep(300);
  holder.exec("PRAGMA journal_mode = OFF; BEGIN EXCLUSIVE");
  db.exec("COMMIT");
  await sleep(60_000);
  holder.close();
  db.close();
} else if (action === "build") {
  process.stdout.write("ready\n");
  for (const end = Date.now() + Number(name); Date.now() < end; await sleep(0)) await build(store);
} else if (action === "prune") {
  process.stdout.write("ready\n");
  for (const end = Date.now() + Number(name); Date.now() < end; await sleep(1)) {
    if (random(3) === 0) store.images.untag(`app:${random(3)}`);
    await store.prune({ all: random(2) === 0 });
  }
} else if (action === "evict") {
  process.stdout.write("ready\n");
  for (const end = Date.now() + Number(name); Date.now() < end; await sleep(1)) {
    if (random(3) === 0) store.images.untag(`app:${random(3)}`);
    await store.keepWithin({ when: "done" });
  }
} else {
  throw new Error(`unknown action ${action}`);
}
store[Symbol.dispose]();
