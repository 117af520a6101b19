import { posix } from "node:path";
import type { TarEntryType } from "../layer/index.ts";

/** An entry of a package's tar. Paths are absolute byte strings, without a slash at the end. */
export interface ListedEntry {
  readonly path: string;
  readonly type: TarEntryType;
  /** What a link leads to, as the tar says it. */
  readonly target: string;
  /** Its bytes in the tar, with those of its headers and the padding. */
  readonly start: number;
  readonly end: number;
}

/** Links on the way to one file; the kernel's own limit. */
const maxLinks = 40;

/**
 * Which entries some paths need: themselves, a folder with all that is in it, the folders and links on the way, and what links lead to, also hard
 * ones. Of a path that is not there the folders beside it are taken, empty, so that their names can be told.
 * @param only absolute paths.
 * @returns in the order of the tar.
 */
export function wantedEntries(entries: readonly ListedEntry[], only: readonly string[]): readonly ListedEntry[] {
  const byPath = new Map(entries.map((entry) => [entry.path, entry]));
  const children = childrenOf(byPath.keys());
  const taken = new Set<string>();
  const walked = new Set<string>();
  const todo: { readonly path: string; readonly links: number }[] = only.map((path) => ({
    path: posix.resolve("/", Buffer.from(path).toString("latin1")),
    links: 0,
  }));
  for (let next = todo.pop(); next; next = todo.pop()) {
    const { path, links } = next;
    const link = firstLink(path, byPath, taken);
    if (link) {
      const leads = posix.resolve(posix.dirname(link.path), link.target, `.${path.slice(link.path.length)}`);
      if (links < maxLinks && !walked.has(path)) todo.push({ path: leads, links: links + 1 });
      walked.add(path);
      continue;
    }
    if (walked.has(path)) continue;
    walked.add(path);
    const inside = children.get(path) ?? [];
    const entry = byPath.get(path);
    if (entry?.type === "link") todo.push({ path: posix.resolve("/", entry.target), links });
    for (const one of inside) todo.push({ path: one, links });
    if (!entry && inside.length === 0 && links === 0) {
      for (const one of children.get(posix.dirname(path)) ?? []) if (byPath.get(one)?.type === "dir") taken.add(one);
    }
  }
  return entries.filter(({ path }) => taken.has(path));
}

/** The first link that is on the way to a path or in its place. What is before it, and the link, are taken. */
function firstLink(
  path: string,
  byPath: ReadonlyMap<string, ListedEntry>,
  taken: Set<string>,
): ListedEntry | undefined {
  for (let at = path.indexOf("/", 1); ; at = path.indexOf("/", at + 1)) {
    const part = at < 0 ? path : path.slice(0, at);
    const entry = byPath.get(part);
    if (entry) taken.add(part);
    if (entry?.type === "symlink") return entry;
    if (at < 0) return undefined;
  }
}

/** Path of a folder -> paths in it, also of folders that the tar has no entry of. */
function childrenOf(paths: Iterable<string>): ReadonlyMap<string, readonly string[]> {
  const children = new Map<string, string[]>();
  const known = new Set<string>(["/"]);
  for (const path of paths) {
    for (let at = path; !known.has(at); at = posix.dirname(at)) {
      known.add(at);
      const folder = posix.dirname(at);
      const others = children.get(folder);
      if (others) others.push(at);
      else children.set(folder, [at]);
    }
  }
  return children;
}
