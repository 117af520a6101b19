// The contract of Snapshotter as cases, for every implementation. They run inside a mount namespace (test/support/in-namespace.ts),
// and so throw by node:assert instead of using the test runner. The head of the list is the life of a snapshot, then isolation,
// then what overlayfs must write down; so it is longer than other files.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sha256 } from "../base/index.ts";
import { getXattr, mountAll, setXattr } from "../base/syscalls.ts";
import { openStore, type SnapshotId, type Store } from "../store/index.ts";
import { openSnapshotter, type Snapshotter } from "./index.ts";

interface Lab {
  readonly store: Store;
  readonly snapshotter: Snapshotter;
  readonly xattrs: "trusted" | "user";
  /** Commits what the function does to a root over the parent. */
  readonly layer: (parent: SnapshotId | undefined, change: (root: string) => void) => Promise<SnapshotId>;
}

/** A folder's names, sorted. */
const names = (folder: string): readonly string[] => readdirSync(folder).toSorted();
const mounts = (): readonly string[] =>
  readFileSync("/proc/self/mounts", "utf8")
    .split("\n")
    .filter((line) => line.includes("/active/"));
const rejects = (action: () => Promise<unknown>, code: string): Promise<void> => assert.rejects(action, { code });

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

  "a deleted file is a whiteout in the changes and gone in what stands on them": async ({ snapshotter, layer }) => {
    const base = await layer(undefined, (root) => {
      writeFileSync(join(root, "gone"), "x");
      writeFileSync(join(root, "kept"), "x");
    });
    const child = await layer(base, (root) => unlinkSync(join(root, "gone")));
    const whiteout = lstatSync(join(snapshotter.chain(child)[1]?.upper ?? "", "gone"));
    assert.equal(whiteout.isCharacterDevice(), true);
    assert.equal(whiteout.rdev, 0);
    await using view = await snapshotter.view(child);
    assert.deepEqual(names(await view.root()), ["kept"]);
  },

  "a folder made anew is opaque in the changes and hides what was in it": async ({ snapshotter, layer, xattrs }) => {
    const base = await layer(undefined, (root) => {
      mkdirSync(join(root, "d"));
      writeFileSync(join(root, "d/old"), "x");
    });
    const child = await layer(base, (root) => {
      rmSync(join(root, "d"), { recursive: true });
      mkdirSync(join(root, "d"));
      writeFileSync(join(root, "d/new"), "x");
    });
    const upper = join(snapshotter.chain(child)[1]?.upper ?? "", "d");
    assert.equal(Buffer.from(getXattr(upper, `${xattrs}.overlay.opaque`) ?? []).toString(), "y");
    await using view = await snapshotter.view(child);
    assert.deepEqual(names(join(await view.root(), "d")), ["new"]);
  },

  "an opaque mark written directly hides what was below": async ({ snapshotter, layer, xattrs }) => {
    const base = await layer(undefined, (root) => {
      mkdirSync(join(root, "d"));
      writeFileSync(join(root, "d/old"), "x");
    });
    await using active = await snapshotter.prepare(base);
    mkdirSync(join(active.upper, "d"));
    setXattr(join(active.upper, "d"), `${xattrs}.overlay.opaque`, Buffer.from("y"));
    const { id } = await active.commit();
    await using view = await snapshotter.view(id);
    assert.deepEqual(names(join(await view.root(), "d")), []);
  },

  "a folder of a lower layer is moved whole: the changes hold its files": async ({ snapshotter, layer }) => {
    const base = await layer(undefined, (root) => {
      mkdirSync(join(root, "from/deep"), { recursive: true });
      writeFileSync(join(root, "from/deep/f"), "content");
    });
    await using active = await snapshotter.prepare(base);
    const root = await active.root();
    assert.throws(() => renameSync(join(root, "from"), join(root, "to")), { code: "EXDEV" });
    execFileSync("mv", [join(root, "from"), join(root, "to")]);
    const { id } = await active.commit();
    const upper = snapshotter.chain(id)[1]?.upper ?? "";
    assert.equal(readFileSync(join(upper, "to/deep/f"), "utf8"), "content");
    assert.equal(lstatSync(join(upper, "from")).isCharacterDevice(), true);
    await using view = await snapshotter.view(id);
    assert.deepEqual(names(await view.root()), ["to"]);
  },

  "a change of mode alone puts the whole file into the changes": async ({ snapshotter, layer, xattrs }) => {
    const base = await layer(undefined, (root) => writeFileSync(join(root, "f"), "content", { mode: 0o644 }));
    const child = await layer(base, (root) => chmodSync(join(root, "f"), 0o755));
    const copied = join(snapshotter.chain(child)[1]?.upper ?? "", "f");
    assert.equal(readFileSync(copied, "utf8"), "content");
    assert.equal(getXattr(copied, `${xattrs}.overlay.metacopy`), undefined);
    assert.equal(statSync(copied).mode & 0o7777, 0o755);
  },

  "names that a layer claims for other folders are not followed": async ({ snapshotter, layer, xattrs }) => {
    const base = await layer(undefined, (root) => {
      mkdirSync(join(root, "secret"));
      writeFileSync(join(root, "secret/key"), "x");
    });
    await using active = await snapshotter.prepare(base);
    mkdirSync(join(active.upper, "innocent"));
    setXattr(join(active.upper, "innocent"), `${xattrs}.overlay.redirect`, Buffer.from("/secret"));
    const { id } = await active.commit();
    await using view = await snapshotter.view(id);
    const root = await view.root();
    assert.equal(existsSync(join(root, "innocent/key")), false);
  },

  "hard links made in one step stay one file": async ({ snapshotter, layer }) => {
    const base = await layer(undefined, (root) => writeFileSync(join(root, "a"), "one"));
    const child = await layer(base, (root) => linkSync(join(root, "a"), join(root, "b")));
    const upper = snapshotter.chain(child)[1]?.upper ?? "";
    assert.equal(statSync(join(upper, "a")).ino, statSync(join(upper, "b")).ino);
    await using view = await snapshotter.view(child);
    const root = await view.root();
    assert.equal(statSync(join(root, "a")).ino, statSync(join(root, "b")).ino);
  },

  "links, modes, times and odd names survive": async ({ snapshotter, layer }) => {
    const odd = Buffer.from([0x66, 0xff, 0x0a, 0x20, 0x5c]);
    const id = await layer(await layer(undefined, () => {}), (root) => {
      symlinkSync("/nowhere", join(root, "link"));
      writeFileSync(join(root, "setuid"), "");
      chmodSync(join(root, "setuid"), 0o4755);
      utimesSync(join(root, "setuid"), 1, 2);
      writeFileSync(Buffer.concat([Buffer.from(`${root}/`), odd]), "odd");
    });
    await using view = await snapshotter.view(id);
    const root = await view.root();
    assert.equal(readlinkSync(join(root, "link")), "/nowhere");
    assert.equal(statSync(join(root, "setuid")).mode & 0o7777, 0o4755);
    assert.equal(statSync(join(root, "setuid")).mtimeMs, 2000);
    assert.equal(readFileSync(Buffer.concat([Buffer.from(`${root}/`), odd]), "utf8"), "odd");
    await view[Symbol.asyncDispose]();
    await snapshotter.remove(id);
  },

  "the root folder keeps the mode that a layer below gave it": async ({ snapshotter, layer }) => {
    const base = await layer(undefined, (root) => chmodSync(root, 0o711));
    const child = await layer(base, (root) => writeFileSync(join(root, "f"), ""));
    await using view = await snapshotter.view(child);
    assert.equal(statSync(await view.root()).mode & 0o7777, 0o711);
  },

  "a stack of 150 layers works": async ({ snapshotter, layer, store }) => {
    let top: SnapshotId | undefined;
    for (let i = 0; i < 150; i++) {
      const active = await snapshotter.prepare(top);
      writeFileSync(join(active.upper, `f${i}`), `${i}`);
      writeFileSync(join(active.upper, "same"), `${i}`);
      top = (await active.commit()).id;
    }
    assert.ok(top);
    await using view = await snapshotter.view(top);
    const root = await view.root();
    assert.equal(names(root).length, 151);
    assert.equal(readFileSync(join(root, "same"), "utf8"), "149");
    const child = await layer(top, (folder) => unlinkSync(join(folder, "f0")));
    await using after = await snapshotter.view(child);
    assert.equal(existsSync(join(await after.root(), "f0")), false);
    assert.equal(store.snapshots.chain(child).length, 151);
  },

  "the same folder of changes in two places of a stack": async ({ snapshotter, layer, store }) => {
    const linked = await layer(undefined, (root) => {
      mkdirSync(join(root, "d"));
      writeFileSync(join(root, "d/f"), "linked");
      writeFileSync(join(root, "d/g"), "linked");
    });
    const base = await layer(undefined, (root) => {
      mkdirSync(join(root, "real"));
      symlinkSync("real", join(root, "d"));
    });
    const first = store.snapshots.stack(linked, base).id;
    const changed = await layer(first, (root) => {
      unlinkSync(join(root, "d/f"));
      writeFileSync(join(root, "d/g"), "changed");
      writeFileSync(join(root, "d/h"), "other");
    });
    const second = store.snapshots.stack(linked, changed).id;
    await using before = await snapshotter.view(changed);
    assert.deepEqual(names(join(await before.root(), "d")), ["g", "h"]);
    await using view = await snapshotter.view(second);
    const root = await view.root();
    assert.deepEqual(names(join(root, "d")), ["f", "g", "h"]);
    assert.deepEqual(names(join(root, "real")), []);
    assert.equal(readFileSync(join(root, "d/g"), "utf8"), "linked");
    const top = await layer(second, (folder) => writeFileSync(join(folder, "d/f"), "top"));
    await using last = await snapshotter.view(top);
    assert.equal(readFileSync(join(await last.root(), "d/f"), "utf8"), "top");
    assert.equal(readFileSync(join(store.snapshots.folder(linked), "d/f"), "utf8"), "linked");
  },

  "a store keeps to one kind of overlay attributes": async ({ store, xattrs }) => {
    const other = xattrs === "user" ? "trusted" : "user";
    assert.throws(() => openSnapshotter({ store, overlayXattrs: other }), { code: "SLIP_STORE" });
  },
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
