import {
  chmodSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  renameSync,
  type Stats,
} from "node:fs";
import { fsPath } from "../../base/index.ts";
import type { Snapshotter } from "../../snapshot/index.ts";
import type { SnapshotRecord } from "../../store/index.ts";
import { setFolderTimes } from "../clean-root.ts";
import type { OwnerPolicy } from "../contract.ts";
import { controlField, type UnpackedPackage } from "../dpkg-database.ts";
import { groupLayers } from "./group-layers.ts";

export interface SplitJob {
  /** A finished root; it is taken apart. */
  readonly root: string;
  readonly unpacked: readonly UnpackedPackage[];
  /** Most layers, from 2. */
  readonly budget: number;
  readonly snapshotter: Snapshotter;
  readonly owner: OwnerPolicy;
}

/** A layer, with the source packages whose files are in it, sorted; none is what the recipe writes. */
export interface SourceLayer {
  readonly record: SnapshotRecord;
  readonly sources: readonly string[];
}

/** A file, link or empty folder of a root; paths are byte strings. */
interface Leaf {
  readonly path: string;
  readonly size: number;
  readonly source: string | undefined;
  /** What hard links share. */
  readonly inode: number;
}

/**
 * Takes a root apart into layers by source package. Every file is in one of them; folders are in each that has something in them, and are the
 * same in all, so that the layers on each other are the root.
 * @returns bottom first.
 */
export async function splitLayers({
  root,
  unpacked,
  budget,
  snapshotter,
  owner,
}: SplitJob): Promise<readonly SourceLayer[]> {
  const leaves = leavesOf(root, sourcesOf(root, unpacked));
  const sizes = new Map<string, number>();
  const seen = new Set<number>();
  for (const { source, size, inode } of leaves) {
    if (source === undefined) continue;
    sizes.set(source, (sizes.get(source) ?? 0) + (seen.has(inode) ? 0 : size));
    seen.add(inode);
  }
  const { count, layerOf } = groupLayers(sizes, budget);
  const layers: Leaf[][] = Array.from({ length: count }, () => []);
  const layerOfInode = new Map<number, number>();
  for (const leaf of leaves) {
    // Hard links to one file stay together.
    const layer = layerOfInode.get(leaf.inode) ?? layerOf(leaf.source);
    layerOfInode.set(leaf.inode, layer);
    layers[layer]?.push(leaf);
  }
  const made: SourceLayer[] = [];
  for (const own of layers.filter((one) => one.length > 0)) {
    await using active = await snapshotter.prepare(made.at(-1)?.record.id);
    copyFolder(root, active.upper, owner);
    for (const { path } of own) {
      makeParents(root, active.upper, path, owner);
      renameSync(fsPath(root + path), fsPath(active.upper + path));
    }
    setFolderTimes(active.upper, 0);
    const sources = [...new Set(own.flatMap(({ source }) => source ?? []))].sort();
    made.push({ record: await active.commit(), sources });
  }
  return made;
}

/** The source package of each path that packages ship. A path through /lib is one below /usr where that is a link. */
function sourcesOf(root: string, unpacked: readonly UnpackedPackage[]): ReadonlyMap<string, string> {
  const links = new Map<string, string>();
  for (const name of readdirSync(root)) {
    if (lstatSync(`${root}/${name}`).isSymbolicLink())
      links.set(name, readlinkSync(`${root}/${name}`).replace(/^\//, ""));
  }
  const sources = new Map<string, string>();
  for (const { name, contents } of unpacked) {
    const source = controlField(contents, "source").replace(/ .*/s, "") || name;
    for (const path of contents.paths) {
      const [, first = "", rest = ""] = /^\/([^/]+)(.*)$/s.exec(path) ?? [];
      const target = rest === "" ? undefined : links.get(first);
      sources.set(target === undefined ? path : `/${target}${rest}`, source);
    }
  }
  return sources;
}

function leavesOf(root: string, sources: ReadonlyMap<string, string>): readonly Leaf[] {
  const leaves: Leaf[] = [];
  const walk = (inside: string): void => {
    const names = readdirSync(fsPath(root + inside), { encoding: "latin1" }).sort();
    for (const name of names) {
      const path = `${inside}/${name}`;
      const stats = lstatSync(fsPath(root + path));
      const isFull = stats.isDirectory() && readdirSync(fsPath(root + path)).length > 0;
      if (isFull) walk(path);
      else leaves.push({ path, size: stats.isFile() ? stats.size : 0, source: sources.get(path), inode: stats.ino });
    }
  };
  walk("");
  return leaves;
}

function makeParents(root: string, upper: string, path: string, owner: OwnerPolicy): void {
  const parent = path.slice(0, path.lastIndexOf("/"));
  if (parent === "" || lstatSync(fsPath(upper + parent), { throwIfNoEntry: false })) return;
  makeParents(root, upper, parent, owner);
  mkdirSync(fsPath(upper + parent));
  copyFolder(root + parent, upper + parent, owner);
}

/** Mode and owner of a folder. */
function copyFolder(from: string, to: string, owner: OwnerPolicy): void {
  const { mode, uid, gid }: Stats = lstatSync(fsPath(from));
  if (owner === "keep") lchownSync(fsPath(to), uid, gid);
  chmodSync(fsPath(to), mode & 0o7777);
}
