import { type CancelFlag, throwIfCancelled, toBytes } from "../base/index.ts";
import { BaseTree } from "./base-tree.ts";
import type { FoldPlan, LayerStack } from "./contract.ts";
import { Decisions } from "./decisions.ts";
import { dropEmptied, type MergedFolder } from "./emptied-folders.ts";
import { below, inodeOf, namesIn, readEntry } from "./layer-entry.ts";
import { mergeOccurrences, type Occurrence } from "./merged-run.ts";
import { sameContent } from "./same-content.ts";

export interface PlanFoldOptions {
  /**
   * "compare" reads files of the same length; "guess" takes those with the same time for the same, as chmod and chown leave them. A guess is
   * good enough to count bytes by, and reads nothing.
   */
  readonly contents: "compare" | "guess";
  readonly cancel?: CancelFlag | undefined;
}

/**
 * Finds what layers hold in vain: of several that have the same path, all but the topmost. A file whose content stays the same from one layer to the
 * topmost goes into the lowest of them, with the owner, mode and time that it ends up with. What gains no byte is done only in layers that change anyway.
 * Looks only into folders that several layers have.
 */
export function planFold(stack: LayerStack, options: PlanFoldOptions): FoldPlan {
  return new FoldPlanner(stack, options).plan();
}

class FoldPlanner {
  readonly #own: readonly string[];
  readonly #xattrs: LayerStack["overlayXattrs"];
  readonly #base: BaseTree;
  readonly #options: PlanFoldOptions;
  readonly #decisions: Decisions;
  readonly #folders: MergedFolder[] = [];

  constructor({ own, base, overlayXattrs }: LayerStack, options: PlanFoldOptions) {
    this.#own = own.map(toBytes);
    this.#xattrs = overlayXattrs;
    this.#base = new BaseTree(base, overlayXattrs);
    this.#options = options;
    this.#decisions = new Decisions(own.length, overlayXattrs);
  }

  plan(): FoldPlan {
    const layers = this.#own.map((_, layer) => layer).reverse();
    this.#walk("", layers, true);
    const { edits, dirty, waste } = this.#decisions.settle();
    if (dirty.size > 0) dropEmptied(this.#folders, edits, dirty);
    return { edits, waste };
  }

  /**
   * @param layers those that have the folder, topmost first.
   * @param through what the base has in it shows.
   */
  #walk(folder: string, layers: readonly number[], through: boolean): void {
    if (layers.length < 2) return;
    throwIfCancelled(this.#options.cancel);
    const having = new Map<string, number[]>();
    const counts = new Map<number, number>();
    for (const layer of layers) {
      const names = namesIn(this.#path(layer, folder));
      counts.set(layer, names.length);
      for (const name of names) {
        const others = having.get(name);
        if (others) others.push(layer);
        else having.set(name, [layer]);
      }
    }
    if (folder !== "") {
      const entries = layers.map((layer) => ({ layer, entry: this.#entry(layer, folder) }));
      this.#folders.push({ path: folder, entries, counts });
    }
    for (const [name, others] of having) if (others.length > 1) this.#decide(below(folder, name), others, through);
  }

  #decide(path: string, layers: readonly number[], through: boolean): void {
    const occurrences = layers.map((layer) => ({ layer, entry: this.#entry(layer, path) }));
    const { folders, hidden, closed } = mergeOccurrences(occurrences);
    const hides = (): boolean => through && this.#base.mayHave(path);
    const lowest = folders.at(-1);
    if (lowest) {
      this.#hideBelowFolder(path, lowest, hidden, hides);
      const merged = folders.map(({ layer }) => layer);
      this.#walk(path, merged, through && !closed);
      return;
    }
    const [top] = occurrences as [Occurrence];
    if (top.entry.kind === "file") this.#hideBelowFile(path, top, hidden);
    else this.#decisions.drop(path, top, hidden, { also: top.entry.kind === "whiteout" && !hides() ? top : undefined });
  }

  /** Below an opaque folder nothing is needed; a folder over something else needs that to hide what the base has. */
  #hideBelowFolder(path: string, folder: Occurrence, hidden: readonly Occurrence[], hides: () => boolean): void {
    const [barrier] = hidden;
    if (!barrier) return;
    if (folder.entry.opaque || !hides()) this.#decisions.drop(path, folder, hidden);
    else if (barrier.entry.kind === "whiteout") this.#decisions.drop(path, barrier, hidden.slice(1));
    else this.#decisions.drop(path, folder, hidden, { whiteout: barrier });
  }

  #hideBelowFile(path: string, top: Occurrence, hidden: readonly Occurrence[]): void {
    let same = 0;
    while (same < hidden.length && this.#isSame(top, hidden[same] as Occurrence)) same++;
    const lowest = hidden[same - 1];
    if (lowest) this.#decisions.keepBelow(path, top, hidden.slice(0, same - 1), lowest);
    this.#decisions.drop(path, lowest ?? top, hidden.slice(same));
  }

  #isSame({ entry: a }: Occurrence, { entry: b }: Occurrence): boolean {
    if (b.kind !== "file" || a.stats.size !== b.stats.size) return false;
    if (a.stats.size === 0n || inodeOf({ stats: a.stats }) === inodeOf({ stats: b.stats })) return true;
    const { contents, cancel } = this.#options;
    return contents === "guess" ? a.stats.mtimeNs === b.stats.mtimeNs : sameContent(a, b, cancel);
  }

  #path(layer: number, path: string): string {
    return path === "" ? (this.#own[layer] as string) : `${this.#own[layer]}/${path}`;
  }

  #entry(layer: number, path: string): Occurrence["entry"] {
    const entry = readEntry(this.#path(layer, path), this.#xattrs);
    if (!entry) throw new Error(`${path} left its layer while it was read`);
    return entry;
  }
}
