import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { type CancelFlag, toBytes } from "../base/index.ts";
import type { Edit, Folded, LayerStack, ReshapeJob } from "./contract.ts";
import { EntryCopier } from "./entry-copier.ts";
import { below, type LayerEntry, namesIn, readEntry } from "./layer-entry.ts";
import { planFold } from "./plan-fold.ts";
import { proveSame } from "./prove-same.ts";

/**
 * Folds layers: those that lose something are made anew, the others stay. In the thread.
 * Throws SLIP_INTERNAL when the merged tree would be another.
 */
export function foldLayers({ stack, into, cancel }: ReshapeJob): Folded {
  const { edits, waste } = planFold(stack, { contents: "compare", cancel });
  const folders = edits.map((changes, layer) => {
    if (changes.size === 0) return undefined;
    const folder = join(into, String(layer), "fs");
    mkdirSync(folder, { recursive: true });
    copyEdited(stack, layer, changes, toBytes(folder), cancel);
    return folder;
  });
  const own = folders.map((folder, layer) => folder ?? (stack.own[layer] as string));
  if (waste.length > 0) proveSame(stack, { ...stack, own }, cancel);
  return { waste, folders };
}

/** Copies a layer with its edits. */
function copyEdited(
  { own, overlayXattrs }: LayerStack,
  layer: number,
  edits: ReadonlyMap<string, Edit>,
  to: string,
  cancel: CancelFlag | undefined,
): void {
  const copier = new EntryCopier(overlayXattrs, cancel);
  const from = toBytes(own[layer] as string);
  const copyFolder = (source: string, target: string, folder: string): void => {
    for (const name of namesIn(source)) {
      const path = below(folder, name);
      const edit = edits.get(path);
      if (edit?.kind === "drop") continue;
      const entry = readEntry(`${source}/${name}`, overlayXattrs) as LayerEntry;
      const attributes = edit?.kind === "attributes" ? edit.from : entry.path;
      if (edit?.kind === "whiteout" || entry.kind === "whiteout") copier.whiteout(`${target}/${name}`);
      else if (entry.kind === "folder") {
        copier.makeFolder(`${target}/${name}`);
        copyFolder(entry.path, `${target}/${name}`, path);
        if (entry.opaque) copier.markOpaque(`${target}/${name}`);
        copier.setAttributes(attributes, `${target}/${name}`);
      } else copier.copy(entry, layer, `${target}/${name}`, attributes);
    }
  };
  copyFolder(from, to, "");
  copier.setAttributes(from, to);
}
