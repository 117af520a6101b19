import { readlinkSync } from "node:fs";
import { posix } from "node:path";
import { fsPath, SlipwayError, toBytes, toText } from "../../base/index.ts";
import { Glob, goMatch } from "../../dockerfile/index.ts";
import { excludeRules, type Filter, filterOf } from "./filter.ts";
import { find } from "./find.ts";
import { resolveBytes } from "./root-path.ts";
import { hasIncluded, sortedNames, type Tree } from "./tree.ts";

/** How sources are understood; all of it together is a copy's flags. */
export interface SelectOptions {
  /** Sources keep their folders, those behind `/./` where there is one. */
  readonly parents?: boolean | undefined;
  /** Patterns of what is left out. */
  readonly excludes?: readonly string[] | undefined;
}

/** One source of a COPY, found. */
export interface Selected {
  /** Where it really is, links followed; relative to the tree's root. A byte string. */
  readonly path: string;
  /** The last part of the name it was asked for by: its name in a destination folder. A byte string. */
  readonly name: string;
  readonly filter: Filter | undefined;
  /** Something must be taken: throws SLIP_COPY_NOT_FOUND otherwise. Called when the walk took nothing. */
  readonly tookNothing: () => void;
}

/**
 * Finds what a source of COPY or ADD means (Dockerfile reference, "Pattern matching"): a path, whose links are followed inside the tree, or a
 * pattern of Go's filepath.Match. A pattern may match nothing; links between its parts are not followed, and what it ends in is.
 * Throws SLIP_COPY_NOT_FOUND with the ignore rule that hides it or the names that are like it, SLIP_DOCKERFILE for a malformed pattern.
 */
export function selectSource(tree: Tree, source: string, options: SelectOptions = {}): readonly Selected[] {
  return options.parents ? selectParents(tree, source, options) : selectPaths(tree, source, source, options);
}

/** What is not a pattern: a path taken as it stands. */
export function selectLiteral(tree: Tree, source: string, options: SelectOptions = {}): readonly Selected[] {
  return [selected(tree, toBytes(cleanPath(source)), source, options)];
}

function selectPaths(tree: Tree, path: string, source: string, options: SelectOptions): readonly Selected[] {
  const clean = cleanPath(path);
  if (!hasWildcard(clean)) return [selected(tree, toBytes(clean), source, options)].filter(isKept(tree, options));
  return matches(tree, clean, source)
    .map((match) => selected(tree, match, source, options))
    .filter(isKept(tree, options));
}

/** `--parents`: what is in front of `/./` is found like any source, and what is behind it is a pattern of what is taken in there. */
function selectParents(tree: Tree, source: string, options: SelectOptions): readonly Selected[] {
  const pivot = source.indexOf("/./");
  const parent = pivot < 0 ? "/" : source.slice(0, pivot);
  const pattern = cleanPath(pivot < 0 ? source : source.slice(pivot + "/./".length));
  const wanted = Glob.compile(pattern, { doubleStar: true });
  if (!wanted) throw malformed(source);
  const found = selectPaths(tree, parent, source, {});
  const isPlain = !hasWildcard(parent) && !hasWildcard(pattern);
  return found.map((folder) => ({
    ...folder,
    // All of the folder, where nothing stands behind the pivot.
    filter: filterOf(pattern === "" ? undefined : wanted, options.excludes ?? []),
    tookNothing: () => {
      if (isPlain && pattern !== "") throw notFound(tree, source, posix.join(cleanPath(parent), pattern));
    },
  }));
}

function selected(tree: Tree, path: string, source: string, { excludes = [] }: SelectOptions): Selected {
  const real = resolveBytes(tree.base, path, true);
  if (!exists(tree, real)) throw notFound(tree, source, toText(path));
  return {
    path: real,
    name: posix.basename(path),
    filter: filterOf(undefined, excludes),
    tookNothing: () => undefined,
  };
}

/** A file that is named itself is excluded by its name; of a folder, what is in it. */
function isKept(tree: Tree, { excludes = [] }: SelectOptions): (found: Selected) => boolean {
  const rules = excludeRules(excludes);
  return ({ path, name }) =>
    !rules?.ignored(toText(name)) || find(fsPath(`${tree.base}/${path}`))?.isDirectory() === true;
}

function exists(tree: Tree, path: string): boolean {
  const stat = find(fsPath(`${tree.base}/${path}`));
  if (!stat) return false;
  if (path === "" || !tree.rules?.ignored(toText(path))) return true;
  return stat.isDirectory() && hasIncluded(tree, path);
}

/** Paths that match the pattern, byte strings in their order. Only folders that can hold a match are read. */
function matches(tree: Tree, pattern: string, source: string): readonly string[] {
  const parts = pattern.split("/");
  const first = parts.findIndex(hasWildcard);
  const folder = resolveBytes(tree.base, toBytes(parts.slice(0, first).join("/")), true);
  if (!find(fsPath(`${tree.base}/${folder}`))) throw notFound(tree, source, parts.slice(0, first).join("/"));
  let found: readonly string[] = [folder];
  for (const part of parts.slice(first)) {
    if (goMatch(part, "") === undefined) throw malformed(source);
    found = found.flatMap((at) => {
      if (!find(fsPath(`${tree.base}/${at}`))?.isDirectory()) return [];
      const names = sortedNames(`${tree.base}/${at}`).filter(({ name }) => goMatch(part, toText(name)) === true);
      return names.map(({ name }) => (at === "" ? name : `${at}/${name}`));
    });
  }
  return found.filter((path) => !isHidden(tree, path));
}

/** What .dockerignore leaves out is not there for a pattern. */
function isHidden(tree: Tree, path: string): boolean {
  if (!tree.rules?.ignored(toText(path))) return false;
  return !(find(fsPath(`${tree.base}/${path}`))?.isDirectory() === true && hasIncluded(tree, path));
}

/** As for BuildKit, `\` makes no pattern of a path that has nothing else of one: it is then a character as any other. */
function hasWildcard(path: string): boolean {
  return /^(?:[^*?[\\]|\\.)*[*?[]/s.test(path);
}

/** Without slashes around; `..` stays inside. */
function cleanPath(path: string): string {
  return posix.normalize(`/${path}`).replace(/^\/+|\/+$/g, "");
}

function malformed(source: string): SlipwayError {
  return new SlipwayError({
    code: "SLIP_DOCKERFILE",
    message: `Cannot copy ${JSON.stringify(source)}: the pattern is malformed`,
    hint: "close every [, and put a [ that is meant as it stands into brackets: [[]",
  });
}

function notFound(tree: Tree, source: string, clean: string): SlipwayError {
  const there = find(fsPath(`${tree.base}/${resolveBytes(tree.base, toBytes(clean), true)}`));
  return new SlipwayError({
    code: "SLIP_COPY_NOT_FOUND",
    message: `Cannot ${tree.verb ?? "copy"} ${JSON.stringify(tree.verb === "mount" ? clean : source)}: path not found in ${tree.label}`,
    hint: there
      ? hiddenHint(tree)
      : (outsideHint(tree, source) ?? brokenLinkHint(tree, clean) ?? likeNames(tree, clean)),
  });
}

function outsideHint(tree: Tree, source: string): string | undefined {
  const leads = /^\.\.(\/|$)/.test(posix.normalize(source).replace(/^\/+/, ""));
  return leads ? `paths begin at the top of ${tree.label}, and .. does not lead out of it` : undefined;
}

function brokenLinkHint(tree: Tree, clean: string): string | undefined {
  const link = fsPath(`${tree.base}/${resolveBytes(tree.base, toBytes(clean), false)}`);
  if (find(link)?.isSymbolicLink() !== true) return undefined;
  return `it is a link to ${JSON.stringify(toText(readlinkSync(link, "latin1")))}, which is not in ${tree.label}`;
}

function hiddenHint(tree: Tree): string {
  return tree.rules
    ? "it is there, but .dockerignore excludes it"
    : "it is there, but behind a link, which --parents does not follow";
}

function likeNames(tree: Tree, clean: string): string | undefined {
  const parent = resolveBytes(tree.base, toBytes(posix.dirname(`/${clean}`)), true);
  const wanted = posix.basename(clean).toLowerCase();
  const stat = find(fsPath(`${tree.base}/${parent}`));
  if (!stat?.isDirectory()) return `there is no folder ${JSON.stringify(posix.dirname(clean))} either`;
  const names = sortedNames(`${tree.base}/${parent}`).map(({ name }) => toText(name));
  const like = names.filter((name) => {
    const lower = name.toLowerCase();
    return lower === wanted || lower.startsWith(wanted.slice(0, 3)) || lower.includes(wanted) || wanted.includes(lower);
  });
  const shown = (like.length > 0 ? like : names).slice(0, 6).map((name) => JSON.stringify(name));
  const place = parent === "" ? "there" : `in ${JSON.stringify(toText(parent))}`;
  return shown.length === 0
    ? `nothing is ${place}`
    : `${like.length > 0 ? "similar names" : "names"} ${place}: ${shown.join(", ")}`;
}
