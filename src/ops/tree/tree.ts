import { type Dirent, lstatSync, readdirSync, type Stats } from "node:fs";
import { type IgnoreRules, parseIgnore } from "../../dockerfile/index.ts";

/** A folder that is copied from, in a form that crosses to a worker. */
export interface TreeSpec {
  /** Absolute. */
  readonly root: string;
  /** `.dockerignore` lines; empty for a stage's files. */
  readonly ignore: readonly string[];
  /** Files of a build context belong to root whoever owns them on the client. */
  readonly client: boolean;
  /** For messages: `the build context`, `stage build`. */
  readonly label: string;
  /** For messages: what could not be done; `copy` without it. */
  readonly verb?: "copy" | "mount" | undefined;
}

/** A folder that is copied from. */
export interface Tree extends TreeSpec {
  readonly rules: IgnoreRules | undefined;
}

export function openTree(spec: TreeSpec): Tree {
  return { ...spec, rules: spec.ignore.length > 0 ? parseIgnore(spec.ignore.join("\n")) : undefined };
}

/** One thing in a tree. */
export interface TreeEntry {
  /** Relative to the tree's root, without a leading slash; "" is the root. */
  readonly path: string;
  /** Relative to where the walk began; "" for the beginning. */
  readonly below: string;
  readonly absolute: string;
  readonly stat: Stats;
}

/**
 * Calls `visit` for a path and all below it that the ignore rules leave, folders before what is in them, names in byte order.
 * Synchronous: a walk of 50,000 entries costs a fifth of what it would with promises.
 * @param visit gives false to end the walk.
 */
export function walkTree(tree: Tree, path: string, visit: (entry: TreeEntry) => boolean): void {
  const { root, rules } = tree;
  const walk = (at: string, below: string): boolean => {
    const absolute = at === "" ? root : `${root}/${at}`;
    const stat = lstatSync(absolute);
    if (!visit({ path: at, below, absolute, stat })) return false;
    if (!stat.isDirectory()) return true;
    const names = rules ? namesLeft(tree, at, absolute) : readdirSync(absolute).sort();
    return names.every((name) => walk(at === "" ? name : `${at}/${name}`, below === "" ? name : `${below}/${name}`));
  };
  walk(path, "");
}

/** What the ignore rules leave of a folder: also ignored folders with something below that is taken in again. */
function namesLeft(tree: Tree, folder: string, absolute: string): readonly string[] {
  const children = sortedNames(absolute).filter((child) => {
    const inner = folder === "" ? child.name : `${folder}/${child.name}`;
    return !tree.rules?.ignored(inner) || (child.isDirectory() && hasIncluded(tree, inner));
  });
  return children.map(({ name }) => name);
}

/** True when something below an ignored folder is taken in again by a `!` rule. */
export function hasIncluded(tree: Tree, folder: string): boolean {
  if (!tree.rules?.mayContainIncluded(folder)) return false;
  return sortedNames(`${tree.root}/${folder}`).some((child) => {
    const inner = `${folder}/${child.name}`;
    if (!tree.rules?.ignored(inner)) return true;
    return child.isDirectory() && hasIncluded(tree, inner);
  });
}

/** Names in byte order, which for UTF-16 needs care only beyond the basic plane. */
export function sortedNames(folder: string): Dirent[] {
  return readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}
