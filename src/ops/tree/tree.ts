import { type Dirent, lstatSync, readdirSync, type Stats } from "node:fs";
import { fsPath, toBytes, toText } from "../../base/index.ts";
import { type IgnoreRules, parseIgnore } from "../../dockerfile/index.ts";
import type { Filter } from "./filter.ts";

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

/** A folder that is copied from. Paths below it are byte strings (base/byte-path.ts): names of files need not be text. */
export interface Tree extends TreeSpec {
  /** The root as a byte string. */
  readonly base: string;
  readonly rules: IgnoreRules | undefined;
}

export function openTree(spec: TreeSpec): Tree {
  const rules = spec.ignore.length > 0 ? parseIgnore(spec.ignore.join("\n")) : undefined;
  return { ...spec, base: toBytes(spec.root), rules };
}

/** One thing in a tree. */
export interface TreeEntry {
  /** Relative to the tree's root, without a leading slash; "" is the root. A byte string. */
  readonly path: string;
  /** Relative to where the walk began; "" for the beginning. A byte string. */
  readonly below: string;
  /** For calls of node:fs. */
  readonly absolute: string | Buffer;
  readonly stat: Stats;
}

/**
 * Calls `visit` for a path and all below it that the ignore rules and the filter leave, folders before what is in them, names in byte
 * order. A folder that the filter does not take is visited as soon as something in it is taken.
 * Synchronous: a walk of 50,000 entries costs a fifth of what it would with promises.
 * @param visit gives false to end the walk.
 */
export function walkTree(tree: Tree, path: string, visit: (entry: TreeEntry) => boolean, filter?: Filter): void {
  const { base } = tree;
  /** Folders on the way that were not visited, because nothing in them was taken yet. */
  const passed: TreeEntry[] = [];
  const walk = (at: string, below: string, inside: boolean): boolean => {
    const bytes = at === "" ? base : `${base}/${at}`;
    const absolute = fsPath(bytes);
    const stat = lstatSync(absolute);
    const entry = { path: at, below, absolute, stat };
    const text = filter && below !== "" ? toText(below) : "";
    const isWanted = inside || (text !== "" && filter?.wants(text) === true);
    const answer = filter && text !== "" ? filter.judge(text, stat.isDirectory(), isWanted) : "take";
    if (answer === "leave") return true;
    if (answer === "enter") passed.push(entry);
    else {
      for (const folder of passed.splice(0)) if (!visit(folder)) return false;
      if (!visit(entry)) return false;
      if (!stat.isDirectory()) return true;
    }
    const found = tree.rules ? namesLeft(tree, at, bytes) : names(absolute);
    for (const name of found) {
      if (!walk(at === "" ? name : `${at}/${name}`, below === "" ? name : `${below}/${name}`, isWanted)) return false;
    }
    if (passed.at(-1) === entry) passed.pop();
    return true;
  };
  walk(path, "", false);
}

/** What the ignore rules leave of a folder: also ignored folders with something below that is taken in again. */
function namesLeft(tree: Tree, folder: string, absolute: string): readonly string[] {
  const children = sortedNames(absolute).filter((child) => {
    const inner = folder === "" ? child.name : `${folder}/${child.name}`;
    return !tree.rules?.ignored(toText(inner)) || (child.isDirectory() && hasIncluded(tree, inner));
  });
  return children.map(({ name }) => name);
}

/** True when something below an ignored folder is taken in again by a `!` rule. */
export function hasIncluded(tree: Tree, folder: string): boolean {
  if (!tree.rules?.mayContainIncluded(toText(folder))) return false;
  return sortedNames(`${tree.base}/${folder}`).some((child) => {
    const inner = `${folder}/${child.name}`;
    if (!tree.rules?.ignored(toText(inner))) return true;
    return child.isDirectory() && hasIncluded(tree, inner);
  });
}

const beyondAscii = /[^\x00-\x7f]/;

/** Names in a folder, byte strings in byte order. Those that are text come faster, and most are the same either way. */
function names(folder: string | Buffer): readonly string[] {
  const found = readdirSync(folder);
  return found.some((name) => beyondAscii.test(name)) ? readdirSync(folder, "latin1").sort() : found.sort();
}

/** The same with what they are. */
export function sortedNames(folder: string): Dirent[] {
  const path = fsPath(folder);
  const text = readdirSync(path, { withFileTypes: true });
  const odd = text.some(({ name }) => beyondAscii.test(name));
  const found = odd ? readdirSync(path, { withFileTypes: true, encoding: "latin1" }) : text;
  return found.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}
