// What overlayfs must write down of a layer, and what stands on it must see: cases of Snapshotter (snapshotter.cases.ts).
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
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
import { join } from "node:path";
import { getXattr, setXattr } from "../base/syscalls.ts";
import { type SnapshotId } from "../store/index.ts";
import { openSnapshotter } from "./index.ts";
import { type Lab, names } from "./snapshotter-lab.cases.ts";

export const overlayCases: Readonly<Record<string, (lab: Lab) => Promise<void>>> = {
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
