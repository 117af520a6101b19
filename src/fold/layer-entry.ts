import { type BigIntStats, lstatSync, readdirSync } from "node:fs";
import { fsPath } from "../base/index.ts";
import { getXattr } from "../base/syscalls.ts";

/** An entry of a folder of changes, as overlayfs means it. Paths are byte strings. */
export interface LayerEntry {
  readonly kind: "folder" | "file" | "whiteout" | "other";
  /** Absolute. */
  readonly path: string;
  readonly stats: BigIntStats;
  /** Of a folder: it hides what the layers below have in it. */
  readonly opaque: boolean;
}

/** The entry at a path, or undefined. `xattrs` says under which names overlayfs keeps its marks. */
export function readEntry(path: string, xattrs: "trusted" | "user"): LayerEntry | undefined {
  const stats = lstatSync(fsPath(path), { bigint: true, throwIfNoEntry: false });
  if (!stats) return undefined;
  const isFolder = stats.isDirectory();
  const opaque = isFolder && isOpaque(path, xattrs);
  return { kind: isFolder ? "folder" : kindOf(path, stats, xattrs), path, stats, opaque };
}

function kindOf(path: string, stats: BigIntStats, xattrs: "trusted" | "user"): LayerEntry["kind"] {
  if (stats.isCharacterDevice() && stats.rdev === 0n) return "whiteout";
  if (!stats.isFile()) return "other";
  const marked = stats.size === 0n && getXattr(fsPath(path), `${xattrs}.overlay.whiteout`) !== undefined;
  return marked ? "whiteout" : "file";
}

function isOpaque(path: string, xattrs: "trusted" | "user"): boolean {
  // "x" says that whiteouts by attribute are in it, not that it is opaque.
  return Buffer.from(getXattr(fsPath(path), `${xattrs}.overlay.opaque`) ?? []).toString() === "y";
}

/** Names in a folder, sorted by their bytes. */
export function namesIn(path: string): string[] {
  return readdirSync(fsPath(path), "latin1").sort();
}

/** The path of a name in a folder; "" is the root. */
export function below(folder: string, name: string): string {
  return folder === "" ? name : `${folder}/${name}`;
}

/** An inode, as a key. */
export function inodeOf({ stats }: Pick<LayerEntry, "stats">): string {
  return `${stats.dev}:${stats.ino}`;
}
