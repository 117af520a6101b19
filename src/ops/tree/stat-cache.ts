import { mkdirSync, readFileSync, renameSync, type Stats, writeFileSync } from "node:fs";
import { dirname } from "node:path";

/**
 * Digests of files that have not changed since they were hashed, by size, modification and change time and inode.
 * One file a build context: records sorted by path, so that a sorted walk finds each by stepping on.
 */
export interface StatCache {
  /** The content's sha256 as hexadecimal, when the file is as it was. */
  get(path: string, stat: Stats): string | undefined;
  set(path: string, stat: Stats, sha256: string): void;
  /** Writes what is new; what was not looked at stays. Two builds at once: the last one wins, and nothing is half-written. */
  save(): void;
}

/** A file that changed this shortly before it was hashed may change again within the same tick of the clock (milliseconds). */
const racy = 20;
const magic = "slipway-stat-1\n";

interface Entry {
  readonly path: string;
  readonly fields: string;
  readonly sha256: string;
}

export function openStatCache(file: string): StatCache {
  const known = load(file);
  const fresh = new Map<string, Entry>();
  let cursor = 0;
  const find = (path: string): Entry | undefined => {
    const added = fresh.get(path);
    if (added) return added;
    if (known[cursor]?.path === path) return known[cursor++];
    const at = search(known, path);
    if (known[at]?.path !== path) return undefined;
    cursor = at + 1;
    return known[at];
  };
  return {
    get(path, stat) {
      const entry = find(path);
      return entry?.fields === fieldsOf(stat) ? entry.sha256 : undefined;
    },
    set(path, stat, sha256) {
      const settled = Date.now() - Math.max(stat.ctimeMs, stat.mtimeMs) > racy;
      if (settled) fresh.set(path, { path, fields: fieldsOf(stat), sha256 });
    },
    save() {
      if (fresh.size === 0) return;
      const all = new Map(known.map((entry) => [entry.path, entry]));
      for (const [path, entry] of fresh) all.set(path, entry);
      const sorted = [...all.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
      const text = sorted.map(({ path, fields, sha256 }) => `${sha256} ${fields} ${path}\0`).join("");
      mkdirSync(dirname(file), { recursive: true });
      const temporary = `${file}.${process.pid}.${Math.random().toString(36).slice(2)}`;
      writeFileSync(temporary, magic + text);
      renameSync(temporary, file);
    },
  };
}

function fieldsOf(stat: Stats): string {
  return `${stat.size}:${stat.mtimeMs}:${stat.ctimeMs}:${stat.ino}`;
}

function load(file: string): Entry[] {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch {
    return [];
  }
  if (!text.startsWith(magic)) return [];
  const entries: Entry[] = [];
  for (let at = magic.length; at < text.length;) {
    const end = text.indexOf("\0", at);
    const space = text.indexOf(" ", at + 65);
    if (end < 0 || space < 0 || space > end) return [];
    entries.push({
      sha256: text.slice(at, at + 64),
      fields: text.slice(at + 65, space),
      path: text.slice(space + 1, end),
    });
    at = end + 1;
  }
  return entries;
}

/** The first entry whose path is not below the wanted one. */
function search(entries: readonly Entry[], path: string): number {
  let low = 0;
  let high = entries.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((entries[middle] as Entry).path < path) low = middle + 1;
    else high = middle;
  }
  return low;
}
