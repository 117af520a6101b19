import type { LayerEntry } from "./layer-entry.ts";

/** An entry, and the number of its layer. */
export interface Occurrence {
  readonly layer: number;
  readonly entry: LayerEntry;
}

/** What several layers make of one path together. */
export interface MergedRun {
  /** The folders that are merged, topmost first; without one the topmost occurrence is what is there. */
  readonly folders: readonly Occurrence[];
  /** What those folders, or the topmost occurrence, hide; topmost first. */
  readonly hidden: readonly Occurrence[];
  /** Nothing of what lies below the layers shows through: of folders alone. */
  readonly closed: boolean;
}

/**
 * Merges the occurrences of a path, topmost first, as overlayfs does: folders join as far down as the first that is opaque, or as the first thing that
 * is no folder; whatever is no folder hides all below it.
 */
export function mergeOccurrences(occurrences: readonly Occurrence[]): MergedRun {
  let at = 0;
  let opaque = false;
  while (!opaque && occurrences[at]?.entry.kind === "folder") opaque = (occurrences[at++] as Occurrence).entry.opaque;
  const folders = occurrences.slice(0, at);
  const hidden = occurrences.slice(Math.max(at, 1));
  return { folders, hidden, closed: opaque || hidden.length > 0 };
}
