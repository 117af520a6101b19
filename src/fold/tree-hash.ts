import { closeSync, constants, openSync, readlinkSync, readSync } from "node:fs";
import { type CancelFlag, type Digest, fsPath, Hasher, throwIfCancelled, toBytes } from "../base/index.ts";
import { BaseTree } from "./base-tree.ts";
import type { LayerStack } from "./contract.ts";
import { ownXattrs } from "./entry-copier.ts";
import { below, inodeOf, type LayerEntry, namesIn, readEntry } from "./layer-entry.ts";

export interface TreeHashOptions {
  /** Layers that the other stack has too: a file of theirs is the same file there, and need not be read. */
  readonly shared?: ReadonlySet<string> | undefined;
  readonly cancel?: CancelFlag | undefined;
}

/**
 * The hash of what layers make of whatever lies below them: every path with type, mode, owner, time, content, extended attributes, what is one file
 * under several names, and where something of the base is hidden or shows through. Two stacks over the same base with the same hash are
 * the same merged tree. It merges by itself, one path after the other, and shares no decision with those who fold.
 */
export function treeHash(stack: LayerStack, options: TreeHashOptions = {}): Digest {
  return new TreeHasher(stack, options).hash();
}

class TreeHasher {
  readonly #own: readonly string[];
  readonly #xattrs: LayerStack["overlayXattrs"];
  readonly #base: BaseTree;
  readonly #cancel: CancelFlag | undefined;
  readonly #shared: ReadonlySet<string>;
  readonly #hasher = new Hasher();
  /** First path of each file with several names. */
  readonly #links = new Map<string, string>();
  readonly #buffer = Buffer.allocUnsafe(1 << 20);

  constructor({ own, base, overlayXattrs }: LayerStack, options: TreeHashOptions) {
    // Topmost first.
    this.#own = own.map(toBytes).reverse();
    this.#xattrs = overlayXattrs;
    this.#base = new BaseTree(base, overlayXattrs);
    this.#cancel = options.cancel;
    this.#shared = new Set([...(options.shared ?? [])].map(toBytes));
  }

  hash(): Digest {
    const [top] = this.#own.map((root) => readEntry(root, this.#xattrs));
    if (top) this.#say(["root", this.#attributes(top)]);
    this.#folder(
      "",
      this.#own.map((root) => ({ root, path: root })),
      true,
    );
    return this.#hasher.digest();
  }

  /** @param through what the base has in the folder shows. */
  #folder(folder: string, having: readonly Place[], through: boolean): void {
    throwIfCancelled(this.#cancel);
    const names = new Set(having.flatMap(({ path }) => namesIn(path)));
    for (const name of [...names].sort()) this.#entry(below(folder, name), name, having, through);
  }

  #entry(path: string, name: string, having: readonly Place[], through: boolean): void {
    let top: LayerEntry | undefined;
    let owner = "";
    const merged: Place[] = [];
    let shows = through;
    for (const { root, path: parent } of having) {
      const entry = readEntry(`${parent}/${name}`, this.#xattrs);
      if (!entry) continue;
      if (!top) [top, owner] = [entry, root];
      if (entry.kind === "folder") merged.push({ root, path: entry.path });
      if (entry.kind === "folder" && !entry.opaque) continue;
      shows = false;
      break;
    }
    if (!top) return;
    if (top.kind === "whiteout") {
      if (through && this.#base.mayHave(path)) this.#say([path, "hidden"]);
    } else if (top.kind === "folder") {
      const kind = shows ? this.#base.kind(path) : "nothing";
      this.#say([path, this.#attributes(top), kind === "folder" || kind === "unknown" ? "merged" : "alone"]);
      this.#folder(path, merged, shows);
    } else this.#leaf(path, top, owner);
  }

  #leaf(path: string, entry: LayerEntry, owner: string): void {
    const inode = entry.stats.nlink > 1n ? `${owner}:${inodeOf(entry)}` : undefined;
    const first = inode === undefined ? undefined : this.#links.get(inode);
    if (first !== undefined) {
      this.#say([path, "link", first]);
      return;
    }
    if (inode !== undefined) this.#links.set(inode, path);
    const { stats } = entry;
    const link = stats.isSymbolicLink() ? readlinkSync(fsPath(entry.path), "latin1") : "";
    const content = stats.isFile() ? this.#content(entry, owner) : "";
    this.#say([path, this.#attributes(entry), link, content]);
  }

  #content(entry: LayerEntry, owner: string): string {
    if (this.#shared.has(owner)) return inodeOf(entry);
    const hasher = new Hasher();
    const fd = openSync(fsPath(entry.path), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      for (;;) {
        throwIfCancelled(this.#cancel);
        const read = readSync(fd, this.#buffer, 0, this.#buffer.length, null);
        if (read === 0) return hasher.digest();
        hasher.update(this.#buffer.subarray(0, read));
      }
    } finally {
      closeSync(fd);
    }
  }

  #attributes({ path, stats }: LayerEntry): readonly unknown[] {
    const { mode, uid, gid, rdev, mtimeNs } = stats;
    const size = stats.isFile() ? String(stats.size) : "";
    const xattrs = ownXattrs(path).map(([name, value]) => [name, Buffer.from(value).toString("latin1")]);
    return [String(mode), String(uid), String(gid), String(rdev), String(mtimeNs), size, xattrs];
  }

  #say(facts: readonly unknown[]): void {
    this.#hasher.update(`${JSON.stringify(facts)}\n`);
  }
}

/** A folder of a layer. */
interface Place {
  /** The layer. */
  readonly root: string;
  readonly path: string;
}
