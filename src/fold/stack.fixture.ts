import {
  chmodSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { constants } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { getXattr, makeNode, setTimes, setXattr } from "../base/syscalls.ts";

/** Marks that any user may set, so that these tests need no root. */
export const overlayXattrs = "user";

interface Look {
  readonly mode: number;
  readonly time: number;
}

/** A node of a folder of changes. */
export type Node =
  | (Look & {
      readonly type: "file";
      readonly content: string;
      readonly mark?: string | undefined;
      readonly also?: string | undefined;
    })
  | (Look & { readonly type: "folder"; readonly opaque: boolean; readonly nodes: Nodes })
  | { readonly type: "link"; readonly target: string }
  | (Look & { readonly type: "fifo" })
  | { readonly type: "whiteout" };
export type Nodes = Readonly<Record<string, Node>>;

export const file = (
  content: string,
  look: Partial<Look & { readonly also: string; readonly mark: string }> = {},
): Node => ({
  type: "file",
  content,
  mode: 0o644,
  time: 1000,
  ...look,
});
export const folder = (nodes: Nodes, look: Partial<Look & { readonly opaque: boolean }> = {}): Node => ({
  type: "folder",
  nodes,
  mode: 0o755,
  time: 1000,
  opaque: false,
  ...look,
});
export const whiteout: Node = { type: "whiteout" };

/** Folders of changes for one test. */
export class StackLab implements Disposable {
  readonly path = mkdtempSync(join(tmpdir(), "slipway-fold-"));
  #count = 0;

  layer(nodes: Nodes): string {
    const path = this.empty();
    fill(path, nodes);
    setTimes(path, 0n, 0n);
    return path;
  }

  empty(): string {
    const path = join(this.path, String(this.#count++));
    mkdirSync(path);
    return path;
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

function fill(path: string, nodes: Nodes): void {
  for (const [name, node] of Object.entries(nodes)) {
    const at = join(path, name);
    if (lstatSync(at, { throwIfNoEntry: false })) continue;
    if (node.type === "whiteout") makeNode(at, constants.S_IFCHR, 0, 0);
    else if (node.type === "link") symlinkSync(node.target, at);
    else if (node.type === "fifo") {
      makeNode(at, constants.S_IFIFO, 0, 0);
      finish(at, node);
    } else if (node.type === "folder") {
      mkdirSync(at);
      fill(at, node.nodes);
      if (node.opaque) setXattr(at, `${overlayXattrs}.overlay.opaque`, Buffer.from("y"));
      finish(at, node);
    } else {
      writeFileSync(at, node.content);
      if (node.mark !== undefined) setXattr(at, "user.mark", Buffer.from(node.mark));
      finish(at, node);
      if (node.also !== undefined && !lstatSync(join(path, node.also), { throwIfNoEntry: false }))
        linkSync(at, join(path, node.also));
    }
  }
}

function finish(path: string, { mode, time }: Look): void {
  chmodSync(path, mode);
  setTimes(path, 0n, BigInt(time) * 1_000_000_000n + 5n);
}

/**
 * What a path is in the end, by the rules of image-spec (layer.md, "Applying Changesets") alone: one layer after the other is laid over what there
 * was. Files that are one file under several names have the same `group`.
 */
export type Applied = ReadonlyMap<string, string>;

export function apply(layers: readonly string[]): Applied {
  const tree = new Map<string, { readonly text: string; readonly inode: string | undefined }>();
  const remove = (path: string, alsoItself: boolean): void => {
    for (const key of Array.from(tree.keys()))
      if ((alsoItself && key === path) || key.startsWith(`${path}/`)) tree.delete(key);
  };
  for (const [number, root] of layers.entries()) {
    const walk = (from: string, path: string): void => {
      for (const name of readdirSync(from)) {
        const [source, target] = [join(from, name), `${path}/${name}`];
        const stats = lstatSync(source, { bigint: true });
        const look = `${stats.mode} ${stats.uid}:${stats.gid} ${stats.mtimeNs} ${Buffer.from(getXattr(source, "user.mark") ?? []).toString()}`;
        if (stats.isCharacterDevice() && stats.rdev === 0n) remove(target, true);
        else if (stats.isDirectory()) {
          const opaque = getXattr(source, `${overlayXattrs}.overlay.opaque`) !== undefined;
          if (opaque || !tree.get(target)?.text.startsWith("folder ")) remove(target, true);
          tree.set(target, { text: `folder ${look}`, inode: undefined });
          walk(source, target);
        } else {
          remove(target, true);
          const what = stats.isSymbolicLink()
            ? `link ${readlinkSync(source)}`
            : stats.isFile()
              ? `file ${readFileSync(source, "latin1")}`
              : "fifo";
          tree.set(target, { text: `${what} ${stats.isSymbolicLink() ? "" : look}`, inode: `${number}:${stats.ino}` });
        }
      }
    };
    walk(root, "");
  }
  const groups = new Map<string, string>();
  const sorted = [...tree].sort(([a], [b]) => (a < b ? -1 : 1));
  return new Map(
    sorted.map(([path, { text, inode }]) => {
      if (inode === undefined) return [path, text];
      const group = groups.get(inode) ?? path;
      groups.set(inode, group);
      return [path, `${text} as ${group}`];
    }),
  );
}

/** Bytes of regular files in folders, each file once. */
export function bytesIn(layers: readonly string[]): number {
  let sum = 0;
  for (const root of layers) {
    const seen = new Set<bigint>();
    for (const name of readdirSync(root, { recursive: true, encoding: "utf8" })) {
      const stats = lstatSync(join(root, name), { bigint: true });
      if (!stats.isFile() || seen.has(stats.ino)) continue;
      seen.add(stats.ino);
      sum += Number(stats.size);
    }
  }
  return sum;
}

const look = { mode: fc.constantFrom(0o644, 0o755, 0o4755), time: fc.constantFrom(1000, 2000) };
const name = fc.constantFrom("a", "b", "c", "d");
const node = fc.letrec<{ node: Node; nodes: Nodes }>((tie) => ({
  nodes: fc.dictionary(name, tie("node"), { maxKeys: 4, noNullPrototype: true }),
  node: fc.oneof(
    { depthSize: "small", withCrossShrink: true, maxDepth: 3 },
    {
      weight: 5,
      arbitrary: fc.record({
        type: fc.constant("file" as const),
        content: fc.constantFrom("", "one", "two", "longer"),
        also: fc.option(name, { nil: undefined, freq: 3 }),
        mark: fc.option(fc.constantFrom("x", "y"), { nil: undefined, freq: 5 }),
        ...look,
      }),
    },
    { weight: 3, arbitrary: fc.constant(whiteout) },
    { weight: 1, arbitrary: fc.record({ type: fc.constant("link" as const), target: name }) },
    { weight: 1, arbitrary: fc.record({ type: fc.constant("fifo" as const), ...look }) },
    {
      weight: 6,
      arbitrary: fc.record({
        type: fc.constant("folder" as const),
        opaque: fc.boolean(),
        nodes: tie("nodes"),
        ...look,
      }),
    },
  ),
}));

/** Folders of changes, with few names, so that layers often meet. */
export const someLayers: fc.Arbitrary<readonly Nodes[]> = fc.array(node.nodes, { minLength: 2, maxLength: 5 });
export const someBase: fc.Arbitrary<readonly Nodes[]> = fc.array(node.nodes, { maxLength: 2 });
