import { createHash } from "node:crypto";
import type { TreeFile } from "../e2e/support/tar-tree.ts";

export type Tree = ReadonlyMap<string, TreeFile>;

/** Longer contents stand as digests. */
const longestContent = 120;

/**
 * A file system in lines, by path: what is in `tree` and not the same in `base`, and what is gone. A tree that is not made from
 * the base at all stands there whole.
 */
export function treeText(tree: Tree, base: Tree, options: { readonly times?: boolean } = {}): string {
  const below = standsOn(tree, base) ? describeTree(base, false) : new Map<string, string>();
  const lines = describeTree(tree, false);
  const shown = options.times === true ? describeTree(tree, true) : lines;
  const changed = [...lines].flatMap(([path, line]) =>
    below.get(path) === line ? [] : [[path, shown.get(path)!] as const],
  );
  const gone = [...below.keys()].filter((path) => !lines.has(path));
  // Of a folder that is gone, the folder alone.
  const tops = gone.filter((path) => !gone.includes(parent(path))).map((path) => [path, `gone ${name(path)}`] as const);
  return [...changed, ...tops]
    .sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    .map(([, line]) => `${line}\n`)
    .join("");
}

/** True when nearly all of the base is there. */
function standsOn(tree: Tree, base: Tree): boolean {
  const kept = [...base.keys()].filter((path) => tree.has(path)).length;
  return kept * 2 > base.size;
}

/** Path -> line. Of files that are hard links of each other the first by name counts as the file. */
function describeTree(tree: Tree, times: boolean): ReadonlyMap<string, string> {
  const groups = Map.groupBy(tree.keys(), (path) => {
    const file = tree.get(path) as TreeFile;
    return file.type === "hard link" ? clean(file.link) : path;
  });
  const lines = new Map<string, string>();
  groups.delete("");
  for (const [origin, paths] of groups) {
    const [first, ...others] = paths.sort() as [string, ...string[]];
    const file = tree.get(origin);
    if (file === undefined) throw new Error(`a hard link leads to ${origin}, which is not there`);
    lines.set(first, describe(first, file, times));
    for (const path of others) lines.set(path, `hard ${name(path)} = ${name(first)}`);
  }
  return lines;
}

function describe(path: string, file: TreeFile, times: boolean): string {
  const { type, mode, owner } = file;
  const start = `${type === "folder" ? "dir" : type} ${mode} ${owner} ${name(path)}${type === "folder" ? "/" : ""}`;
  const what = {
    file: ` ${content(file.body)}`,
    link: ` -> ${name(file.link)}`,
    char: ` ${file.device}`,
    block: ` ${file.device}`,
  };
  const attributes = [...file.xattrs].sort(([a], [b]) => (a < b ? -1 : 1));
  const xattrs = attributes.map(([key, value]) => ` ${key}=${content(value)}`).join("");
  return `${start}${what[type as keyof typeof what] ?? ""}${xattrs}${times ? ` @${Math.floor(file.mtime)}` : ""}`;
}

/** A text as it is, in JSON's quotes; anything else, and what is long, as digest and length. */
function content(body: Buffer): string {
  const text = body.toString("utf8");
  const plain =
    body.length <= longestContent && Buffer.from(text).equals(body) && !/[^\n\t\u0020-\u007e\u00a1-\uffff]/.test(text);
  return plain
    ? JSON.stringify(text)
    : `sha256:${createHash("sha256").update(body).digest("hex")} (${body.length} bytes)`;
}

/** A path that cannot be taken for anything else in a line. */
function name(path: string): string {
  return /[\s"\\\u0000-\u001f]/.test(path) || path === "" ? JSON.stringify(path) : path;
}

function parent(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf("/")));
}

function clean(path: string): string {
  return path.replace(/^\.?\/+|\/+$/g, "");
}
