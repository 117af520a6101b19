import { posix } from "node:path";
import { SlipwayError } from "../../base/index.ts";
import { goMatch } from "../../dockerfile/index.ts";
import { resolveInRoot } from "./root-path.ts";
import { hasIncluded, sortedNames, type Tree } from "./tree.ts";
import { find } from "./find.ts";

/** One source of a COPY, found. */
export interface Selected {
  /** Where it really is, links followed; relative to the tree's root. */
  readonly path: string;
  /** The last part of the name it was asked for by: its name in a destination folder. */
  readonly name: string;
}

/**
 * Finds what a source of COPY or ADD means: a path, or a pattern of Go's filepath.Match; links are followed inside the tree.
 * Throws SLIP_COPY_NOT_FOUND with the ignore rule that hides it or the names that are like it.
 */
export function selectSource(tree: Tree, source: string): readonly Selected[] {
  const clean = posix.normalize(`/${source}`).replace(/^\/+|\/+$/g, "");
  const found = /[*?[\\]/.test(clean) ? matches(tree, clean) : [clean];
  const selected = found.flatMap((path) => {
    const real = resolveInRoot(tree.root, path, true);
    return exists(tree, real) ? [{ path: real, name: posix.basename(path) }] : [];
  });
  if (selected.length === 0) throw notFound(tree, source, clean);
  return selected;
}

function exists(tree: Tree, path: string): boolean {
  const stat = find(`${tree.root}/${path}`);
  if (!stat) return false;
  if (path === "" || !tree.rules?.ignored(path)) return true;
  return stat.isDirectory() && hasIncluded(tree, path);
}

/** Paths that match the pattern, part by part: only folders that can hold a match are read. */
function matches(tree: Tree, pattern: string): readonly string[] {
  let found = [""];
  for (const part of pattern.split("/")) {
    found = found.flatMap((folder) => {
      const inside = resolveInRoot(tree.root, folder, true);
      if (!find(`${tree.root}/${inside}`)?.isDirectory()) return [];
      const names = /[*?[\\]/.test(part)
        ? sortedNames(`${tree.root}/${inside}`)
            .map(({ name }) => name)
            .filter((name) => goMatch(part, name))
        : [part];
      return names.map((name) => (folder === "" ? name : `${folder}/${name}`));
    });
  }
  return found;
}

function notFound(tree: Tree, source: string, clean: string): SlipwayError {
  const path = resolveInRoot(tree.root, clean, true);
  const there = find(`${tree.root}/${path}`);
  return new SlipwayError({
    code: "SLIP_COPY_NOT_FOUND",
    message: `Cannot ${tree.verb ?? "copy"} ${JSON.stringify(tree.verb === "mount" ? clean.replace(/\\(.)/g, "$1") : source)}: path not found in ${tree.label}`,
    hint: there ? "it is there, but .dockerignore excludes it" : likeNames(tree, clean),
  });
}

function likeNames(tree: Tree, clean: string): string | undefined {
  const parent = resolveInRoot(tree.root, posix.dirname(`/${clean}`), true);
  const wanted = posix.basename(clean).toLowerCase();
  const stat = find(`${tree.root}/${parent}`);
  if (!stat?.isDirectory()) return `there is no folder ${JSON.stringify(posix.dirname(clean))} either`;
  const names = sortedNames(`${tree.root}/${parent}`).map(({ name }) => name);
  const like = names.filter((name) => {
    const lower = name.toLowerCase();
    return lower === wanted || lower.startsWith(wanted.slice(0, 3)) || lower.includes(wanted) || wanted.includes(lower);
  });
  const shown = (like.length > 0 ? like : names).slice(0, 6).map((name) => JSON.stringify(name));
  const place = parent === "" ? "there" : `in ${JSON.stringify(parent)}`;
  return shown.length === 0
    ? `nothing is ${place}`
    : `${like.length > 0 ? "similar names" : "names"} ${place}: ${shown.join(", ")}`;
}
