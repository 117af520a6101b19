import { sha256 } from "../base/index.ts";
import type { FileList } from "./key-parts.ts";

/** More than this are summed up by folder: what is kept of a step must stay small. */
const most = 2000;
const deepest = 8;

/** One file or folder that a step takes. */
export type FileEntry = readonly [path: string, attributes: string, content: string];

/** The list of what a step takes. */
export function fileList(entries: readonly FileEntry[]): FileList {
  if (entries.length <= most) return listOf(entries, undefined);
  let depth = deepest;
  while (depth > 0 && !fits(entries, depth)) depth--;
  return listOf(sum(entries, depth), depth);
}

/** Whether sums at a depth are few enough; one that is not is mostly known after a few entries. */
function fits(entries: readonly FileEntry[], depth: number): boolean {
  const folders = new Set<string>();
  return entries.every(([path]) => folders.add(folderOf(path, depth)).size <= most);
}

/** The first parts of a path. */
function folderOf(path: string, depth: number): string {
  if (depth === 0) return "";
  let end = -1;
  for (let part = 0; part < depth; part++) {
    end = path.indexOf("/", end + 1);
    if (end < 0) return path;
  }
  return path.slice(0, end);
}

/** Two lists in the same form; undefined where they cannot be brought into one. */
export function aligned(a: FileList, b: FileList): readonly [FileList, FileList] | undefined {
  if (a.depth === b.depth) return [a, b];
  if (a.depth === undefined) return [summedTo(a, b.depth as number), b];
  if (b.depth === undefined) return [a, summedTo(b, a.depth)];
  return undefined;
}

function summedTo({ entries }: FileList, depth: number): FileList {
  const whole = Object.entries(entries).map(([path, [attributes, content]]): FileEntry => [path, attributes, content]);
  return listOf(sum(whole, depth), depth);
}

function listOf(entries: readonly FileEntry[], depth: number | undefined): FileList {
  return { entries: Object.fromEntries(entries.map(([path, ...rest]) => [path, rest])), depth };
}

/** Folders at a depth with all that is in them, and what lies above. */
function sum(entries: readonly FileEntry[], depth: number): readonly FileEntry[] {
  const groups = new Map<string, string[]>();
  for (const [path, attributes, content] of entries) {
    const folder = folderOf(path, depth);
    const lines = groups.get(folder) ?? [];
    groups.set(folder, lines);
    lines.push(`${path}\0${attributes}\0${content}`);
  }
  return [...groups].map(([folder, lines]) => [folder, "", sha256(lines.sort().join("\n")).slice(7, 23)]);
}
