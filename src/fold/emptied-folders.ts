import type { Edit } from "./contract.ts";
import type { Occurrence } from "./merged-run.ts";

/** A folder that several layers have, and how many names each has in it. */
export interface MergedFolder {
  readonly path: string;
  /** Topmost first. */
  readonly entries: readonly Occurrence[];
  readonly counts: ReadonlyMap<number, number>;
}

/**
 * Takes folders out of layers that have nothing left in them, where a lower layer has the same folder: that then gets the attributes that it ends up
 * with. So a layer that only changed owners or modes ends up empty.
 * @param folders each before what is in it.
 * @param dirty layers that are made anew anyway; others are left alone.
 */
export function dropEmptied(
  folders: readonly MergedFolder[],
  edits: readonly Map<string, Edit>[],
  dirty: ReadonlySet<number>,
): void {
  const gone = edits.map(countGone);
  for (const { path, entries, counts } of folders.toReversed()) {
    const isEmpty = ({ layer, entry }: Occurrence): boolean =>
      !entry.opaque && dirty.has(layer) && counts.get(layer) === (gone[layer]?.get(path) ?? 0);
    const lowest = entries.at(-1) as Occurrence;
    const [top] = entries as [Occurrence];
    const heirs = entries.filter((one) => one === lowest || !isEmpty(one));
    const [heir] = heirs as [Occurrence];
    if (heir !== top && dirty.has(heir.layer)) {
      edits[heir.layer]?.set(path, { kind: "attributes", from: top.entry.path });
    } else if (heir !== top) heirs.unshift(top);
    for (const { layer } of entries.filter((one) => !heirs.includes(one))) {
      edits[layer]?.set(path, { kind: "drop" });
      const counted = gone[layer] as Map<string, number>;
      counted.set(parentOf(path), (counted.get(parentOf(path)) ?? 0) + 1);
    }
  }
}

/** How many names each folder of a layer loses. */
function countGone(edits: ReadonlyMap<string, Edit>): Map<string, number> {
  const counts = new Map<string, number>();
  for (const [path, { kind }] of edits) {
    if (kind === "drop") counts.set(parentOf(path), (counts.get(parentOf(path)) ?? 0) + 1);
  }
  return counts;
}

function parentOf(path: string): string {
  return path.slice(0, Math.max(path.lastIndexOf("/"), 0));
}
