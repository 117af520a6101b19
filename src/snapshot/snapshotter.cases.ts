// The contract of Snapshotter as cases, for every implementation. They run inside a mount namespace (test/support/in-namespace.ts),
// and so throw by node:assert instead of using the test runner. First the life of a snapshot, then isolation,
// then what overlayfs must write down (overlay.cases.ts).
import assert from "node:assert/strict";
import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sha256 } from "../base/index.ts";
import { mountAll } from "../base/syscalls.ts";
import { openStore, type SnapshotId } from "../store/index.ts";
import { openSnapshotter } from "./index.ts";
import { overlayCases } from "./overlay.cases.ts";
import { type Lab, mounts, names, rejects } from "./snapshotter-lab.cases.ts";

export const cases: Readonly<Record<string, (lab: Lab) => Promise<void>>> = {
  "a layer that is elsewhere is brought before what stands on it is used": async ({ store, snapshotter, xattrs }) => {
    const blob = { mediaType: "application/vnd.oci.image.layer.v1.tar", digest: sha256("blob"), size: 7 };
    const bottom = store.remoteLayers.publish({ parent: undefined, diffId: sha256("a"), blob, sources: [] }).id;
    const top = store.remoteLayers.publish({ parent: bottom, diffId: sha256("b"), blob, sources: [] }).id;
    // Nobody who could bring it.
    await rejects(() => snapshotter.view(top), "SLIP_STORE");
    await rejects(() => snapshotter.prepare(top), "SLIP_STORE");
    const asked: SnapshotId[] = [];
    const bringing = openSnapshotter({
      store,
      overlayXattrs: xattrs,
      fill: async (id) => {
        asked.push(id);
        for (const layer of store.remoteLayers.missing(id)) {
          await using active = await snapshotter.prepare(layer.parent);
          writeFileSync(join(active.upper, layer.id), "here");
          assert.equal((await active.commit({ diffId: layer.diffId, fills: layer.id })).id, layer.id);
        }
      },
    });
    await using view = await bringing.view(top);
    assert.deepEqual(names(await view.root()), [bottom, top].toSorted());
    await using child = await bringing.prepare(top);
    assert.deepEqual(names(await child.root()), [bottom, top].toSorted());
    // Once; and who comes too late keeps nothing.
    assert.deepEqual(asked, [top]);
    await using late = await snapshotter.prepare(bottom);
    assert.equal((await late.commit({ fills: top })).id, top);
    assert.deepEqual(await store.verify(), []);
  },

  "a snapshot without parent is an empty folder, 0755": async ({ snapshotter }) => {
    await using active = await snapshotter.prepare();
    const root = await active.root();
    assert.deepEqual(names(root), []);
    assert.equal(statSync(root).mode & 0o7777, 0o755);
    assert.equal(active.parent, undefined);
  },

  "what was committed is seen by children and views": async ({ snapshotter, layer }) => {
    const base = await layer(undefined, (root) => writeFileSync(join(root, "a"), "one"));
    await using child = await snapshotter.prepare(base);
    assert.equal(readFileSync(join(await child.root(), "a"), "utf8"), "one");
    await using view = await snapshotter.view(base);
    assert.equal(readFileSync(join(await view.root(), "a"), "utf8"), "one");
  },

  "commit gives a record with what this layer alone holds": async ({ snapshotter, store, layer }) => {
    const base = await layer(undefined, (root) => writeFileSync(join(root, "big"), "x".repeat(1000)));
    await using active = await snapshotter.prepare(base);
    const root = await active.root();
    mkdirSync(join(root, "d"));
    writeFileSync(join(root, "d/f"), "12345");
    linkSync(join(root, "d/f"), join(root, "d/g"));
    const record = await active.commit({ diffId: `sha256:${"a".repeat(64)}` });
    assert.equal(record.parent, base);
    assert.equal(record.size, 5, "a hard link's bytes count once");
    assert.equal(record.entries, 3);
    assert.deepEqual(store.snapshots.get(record.id), record);
    assert.deepEqual(store.snapshots.children(base), [record.id]);
  },

  "a folder of changes may be written directly and committed without a mount": async ({ snapshotter, layer }) => {
    const base = await layer(undefined, (root) => writeFileSync(join(root, "a"), "one"));
    await using active = await snapshotter.prepare(base);
    writeFileSync(join(active.upper, "b"), "two");
    const { id } = await active.commit();
    await using view = await snapshotter.view(id);
    assert.deepEqual(names(await view.root()), ["a", "b"]);
  },

  "a snapshot is there from commit to removal": async ({ snapshotter, layer }) => {
    const id = await layer(undefined, (root) => writeFileSync(join(root, "a"), "one"));
    const folder = snapshotter.chain(id)[0]?.upper ?? "";
    assert.equal(await snapshotter.has(id), true);
    await snapshotter.remove(id);
    assert.equal(await snapshotter.has(id), false);
    assert.equal(existsSync(folder), false);
    await rejects(() => snapshotter.prepare(id), "SLIP_STORE");
    await rejects(() => snapshotter.view(id), "SLIP_STORE");
  },

  "what others stand on cannot be removed": async ({ snapshotter, layer }) => {
    const base = await layer(undefined, () => {});
    const child = await layer(base, () => {});
    await rejects(() => snapshotter.remove(base), "SLIP_STORE");
    await snapshotter.remove(child);
    await snapshotter.remove(base);
  },

  "chain names the folders of changes, bottom first": async ({ snapshotter, layer }) => {
    const base = await layer(undefined, (root) => writeFileSync(join(root, "a"), ""));
    const child = await layer(base, (root) => writeFileSync(join(root, "b"), ""));
    const chain = snapshotter.chain(child);
    assert.deepEqual(
      chain.map(({ id }) => id),
      [base, child],
    );
    assert.deepEqual(
      chain.map(({ upper }) => names(upper)),
      [["a"], ["b"]],
    );
  },

  "disposed of uncommitted, it leaves nothing": async ({ snapshotter, store, layer }) => {
    const base = await layer(undefined, (root) => writeFileSync(join(root, "a"), "one"));
    const before = { snapshots: store.snapshots.list(), mounts: mounts() };
    const active = await snapshotter.prepare(base);
    writeFileSync(join(await active.root(), "b"), "two");
    const upper = active.upper;
    await active[Symbol.asyncDispose]();
    assert.equal(existsSync(upper), false);
    assert.deepEqual({ snapshots: store.snapshots.list(), mounts: mounts() }, before);
    assert.deepEqual(await store.verify(), []);
    await rejects(() => active.commit(), "SLIP_INTERNAL");
    await rejects(() => active.root(), "SLIP_INTERNAL");
  },

  "disposed of while its files are open, it leaves nothing": async ({ snapshotter, layer }) => {
    const base = await layer(undefined, () => {});
    const active = await snapshotter.prepare(base);
    const root = await active.root();
    mkdirSync(join(root, "inner"));
    mountAll([{ type: "tmpfs", source: "tmpfs", target: "/inner", options: [] }], root);
    await active[Symbol.asyncDispose]();
    assert.equal(existsSync(active.upper), false);
    assert.deepEqual(mounts(), []);
  },

  "a commit ends its mounts, and disposing of it afterwards is nothing": async ({ snapshotter, layer }) => {
    const base = await layer(undefined, () => {});
    const active = await snapshotter.prepare(base);
    writeFileSync(join(await active.root(), "f"), "");
    const { id } = await active.commit();
    await active[Symbol.asyncDispose]();
    assert.deepEqual(mounts(), []);
    assert.equal(await snapshotter.has(id), true);
    assert.deepEqual(names(join(snapshotter.chain(id)[1]?.upper ?? "", "..")), ["fs"]);
    await rejects(() => active.commit(), "SLIP_INTERNAL");
  },

  "a commit waits for nothing that still writes: it fails, and the snapshot stays active": async ({
    snapshotter,
    layer,
  }) => {
    const base = await layer(undefined, () => {});
    await using active = await snapshotter.prepare(base);
    const root = await active.root();
    mkdirSync(join(root, "inner"));
    mountAll([{ type: "tmpfs", source: "tmpfs", target: "/inner", options: [] }], root);
    await rejects(() => active.commit(), "EBUSY");
    assert.equal(existsSync(active.upper), true);
  },

  "actives over one parent do not see each other": async ({ snapshotter, layer }) => {
    const base = await layer(undefined, (root) => writeFileSync(join(root, "a"), "base"));
    const actives = await Promise.all(Array.from({ length: 8 }, () => snapshotter.prepare(base)));
    const roots = await Promise.all(actives.map((active) => active.root()));
    roots.forEach((root, i) => {
      writeFileSync(join(root, "a"), `${i}`);
      writeFileSync(join(root, `only-${i}`), "");
    });
    const records = await Promise.all(actives.map((active) => active.commit()));
    for (const [i, { id }] of records.entries()) {
      await using view = await snapshotter.view(id);
      const root = await view.root();
      assert.deepEqual(names(root), ["a", `only-${i}`]);
      assert.equal(readFileSync(join(root, "a"), "utf8"), `${i}`);
    }
    await using view = await snapshotter.view(base);
    assert.equal(readFileSync(join(await view.root(), "a"), "utf8"), "base");
  },

  "root gives one mount, however often it is asked for": async ({ snapshotter, layer }) => {
    await using active = await snapshotter.prepare(await layer(undefined, () => {}));
    const [one, two] = await Promise.all([active.root(), active.root()]);
    assert.equal(one, two);
    assert.equal(mounts().length, 1);
  },

  "a view cannot be written, of one layer as of several": async ({ snapshotter, layer }) => {
    const base = await layer(undefined, (root) => writeFileSync(join(root, "a"), "one"));
    const child = await layer(base, (root) => writeFileSync(join(root, "b"), "two"));
    for (const id of [base, child]) {
      await using view = await snapshotter.view(id);
      const root = await view.root();
      assert.throws(() => writeFileSync(join(root, "c"), ""), { code: "EROFS" });
      assert.throws(() => chmodSync(join(root, "a"), 0o600), { code: "EROFS" });
    }
    assert.deepEqual(mounts(), []);
  },

  ...overlayCases,
};

/** Runs every case in a store of its own; gives each one's error, or null. */
export async function runCases(xattrs: "trusted" | "user"): Promise<Record<string, string | null>> {
  const results: Record<string, string | null> = {};
  for (const [name, run] of Object.entries(cases)) {
    const folder = mkdtempSync(join(tmpdir(), "slipway-snapshots-"));
    try {
      using store = openStore(folder);
      const snapshotter = openSnapshotter({ store, overlayXattrs: xattrs });
      await run({
        store,
        snapshotter,
        xattrs,
        layer: async (parent, change) => {
          await using active = await snapshotter.prepare(parent);
          change(await active.root());
          return (await active.commit()).id;
        },
      });
      const wrong = await store.verify();
      results[name] = wrong.length === 0 ? null : wrong.join("\n");
    } catch (error) {
      results[name] = error instanceof Error ? (error.stack ?? error.message) : String(error);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
  return results;
}
