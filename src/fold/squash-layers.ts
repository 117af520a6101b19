import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { type CancelFlag, toBytes } from "../base/index.ts";
import { BaseTree } from "./base-tree.ts";
import type { LayerStack, ReshapeJob, Squashed } from "./contract.ts";
import { EntryCopier } from "./entry-copier.ts";
import { below, type LayerEntry, namesIn, readEntry } from "./layer-entry.ts";
import { mergeOccurrences } from "./merged-run.ts";
import { planFold } from "./plan-fold.ts";
import { proveSame } from "./prove-same.ts";

/**
 * Makes one folder of changes of several. In the thread.
 * Throws SLIP_INTERNAL when the merged tree would be another.
 */
export function squashLayers({ stack, into, cancel }: ReshapeJob): Squashed {
  const { waste } = planFold(stack, { contents: "guess", cancel });
  const folder = join(into, "squashed", "fs");
  mkdirSync(folder, { recursive: true });
  new Squasher(stack, cancel).copyInto(toBytes(folder));
  proveSame(stack, { ...stack, own: [folder] }, cancel);
  return { waste, folder };
}

class Squasher {
  readonly #own: readonly string[];
  readonly #xattrs: LayerStack["overlayXattrs"];
  readonly #base: BaseTree;
  readonly #copier: EntryCopier;

  constructor({ own, base, overlayXattrs }: LayerStack, cancel: CancelFlag | undefined) {
    this.#own = own.map(toBytes);
    this.#xattrs = overlayXattrs;
    this.#base = new BaseTree(base, overlayXattrs);
    this.#copier = new EntryCopier(overlayXattrs, cancel);
  }

  copyInto(to: string): void {
    const layers = this.#own.map((_, layer) => layer).reverse();
    this.#copyFolder("", layers, to, true);
    this.#copier.setAttributes(this.#own.at(-1) as string, to);
  }

  /**
   * @param layers those that have the folder, topmost first.
   * @param through what the base has in it shows.
   */
  #copyFolder(folder: string, layers: readonly number[], to: string, through: boolean): void {
    const having = new Map<string, number[]>();
    for (const layer of layers) {
      for (const name of namesIn(`${this.#own[layer]}/${folder}`)) {
        const others = having.get(name);
        if (others) others.push(layer);
        else having.set(name, [layer]);
      }
    }
    for (const [name, others] of having) {
      this.#copyMerged(below(folder, name), others, `${to}/${name}`, through);
    }
  }

  #copyMerged(path: string, layers: readonly number[], to: string, through: boolean): void {
    const occurrences = layers.map((layer) => ({
      layer,
      entry: readEntry(`${this.#own[layer]}/${path}`, this.#xattrs) as LayerEntry,
    }));
    const { folders, hidden, closed } = mergeOccurrences(occurrences);
    const [top] = occurrences as [(typeof occurrences)[number]];
    if (folders.length > 0) {
      this.#copier.makeFolder(to);
      const merged = folders.map(({ layer }) => layer);
      this.#copyFolder(path, merged, to, through && !closed);
      const opaque = folders.at(-1)?.entry.opaque === true;
      if (through && (opaque || (hidden.length > 0 && this.#base.mayHave(path)))) this.#copier.markOpaque(to);
      this.#copier.setAttributes(top.entry.path, to);
    } else if (top.entry.kind !== "whiteout") this.#copier.copy(top.entry, top.layer, to);
    // What only the other layers had needs no hiding any more; and a whiteout in a folder that hides all of the base would be seen.
    else if (through && (hidden.length === 0 || this.#base.mayHave(path))) this.#copier.whiteout(to);
  }
}
