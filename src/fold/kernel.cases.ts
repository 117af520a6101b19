// Runs inside a mount namespace (test/support/in-namespace.ts), and so throws by node:assert instead of using the test runner.
import assert from "node:assert/strict";
import { type BigIntStats, lstatSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import * as fc from "fast-check";
import { getXattr, mountAll, unmount } from "../base/syscalls.ts";
import { foldLayers } from "./fold-layers.ts";
import { squashLayers } from "./squash-layers.ts";
import { overlayXattrs, someBase, someLayers, StackLab } from "./stack.fixture.ts";

/** Folds and squashes random layers and has overlayfs say what they come to. Gives the number of stacks. */
export function compareWithKernel(runs: number): number {
  let stacks = 0;
  const property = fc.property(someLayers, someBase, fc.boolean(), (layers, below, atHand) => {
    using lab = new StackLab();
    const bottom = below.map((nodes) => lab.layer(nodes));
    const own = layers.map((nodes) => lab.layer(nodes));
    const stack = { own, base: atHand ? bottom : undefined, overlayXattrs } as const;
    const was = merged(lab, [...bottom, ...own]);
    const { folders } = foldLayers({ stack, into: lab.empty() });
    assert.deepEqual(merged(lab, [...bottom, ...folders.map((path, at) => path ?? (own[at] as string))]), was);
    const { folder } = squashLayers({ stack, into: lab.empty() });
    assert.deepEqual(merged(lab, [...bottom, folder]), was);
    stacks++;
  });
  fc.assert(property, { numRuns: runs });
  return stacks;
}

/** What a mount of the layers shows: path -> all that the merged tree is to keep. */
function merged(lab: StackLab, layers: readonly string[]): ReadonlyMap<string, string> {
  const at = lab.empty();
  // Two that are empty, since overlayfs wants at least two.
  const options = [...layers.toReversed(), lab.empty(), lab.empty()].map((layer) => `lowerdir+=${layer}`);
  const plain = ["ro", "redirect_dir=nofollow", "metacopy=off", "index=off", "userxattr"];
  mountAll([{ type: "overlay", source: "overlay", target: "/", options: [...options, ...plain] }], at);
  try {
    const tree = new Map<string, string>();
    const groups = new Map<string, string>();
    walk(at, "", (path, stats, what) => {
      const inode = `${stats.dev}:${stats.ino}`;
      const group = stats.isDirectory() ? "" : (groups.get(inode) ?? path);
      groups.set(inode, group);
      tree.set(path, `${stats.mode} ${stats.uid}:${stats.gid} ${what} as ${group}`);
    });
    return tree;
  } finally {
    unmount(at, { detach: true });
  }
}

function walk(root: string, folder: string, found: (path: string, stats: BigIntStats, what: string) => void): void {
  for (const name of readdirSync(join(root, folder)).toSorted()) {
    const path = join(folder, name);
    const full = join(root, path);
    // Random layers have whiteouts where overlayfs never puts any: it lists them then, and says that they are not there.
    const stats = lstatSync(full, { bigint: true, throwIfNoEntry: false });
    if (!stats || stats.isCharacterDevice()) continue;
    const mark = Buffer.from(getXattr(full, "user.mark") ?? []).toString();
    if (stats.isSymbolicLink()) found(path, stats, readlinkSync(full));
    else found(path, stats, `${stats.mtimeNs} ${mark} ${stats.isFile() ? readFileSync(full, "latin1") : ""}`);
    if (stats.isDirectory()) walk(root, path, found);
  }
}
