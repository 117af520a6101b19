/** Which layer each source package's files are in. */
export interface LayerGroups {
  /** Layers, bottom first; some may turn out to hold nothing. */
  readonly count: number;
  /** The layer of a file, from 0; undefined is what belongs to no package. */
  readonly layerOf: (source: string | undefined) => number;
}

/**
 * Groups files by the source package that they come from, so that a package that gets another version changes one layer. The largest sources
 * have a layer each, all others share the next, and what slipway and the recipe write, which changes most often, is on top.
 * @param sizes bytes of each source's files.
 * @param budget most layers, from 1: then all files are in one.
 */
export function groupLayers(sizes: ReadonlyMap<string, number>, budget: number): LayerGroups {
  const sources = [...sizes].sort(([a, sizeA], [b, sizeB]) => sizeB - sizeA || (a < b ? -1 : 1)).map(([name]) => name);
  const packageLayers = Math.min(Math.max(budget - 1, 0), sources.length);
  // A layer for each where that is enough; otherwise the last of them is shared.
  const alone = sources.length > packageLayers ? Math.max(packageLayers - 1, 0) : packageLayers;
  const layers = new Map(sources.map((name, at) => [name, Math.min(at, alone, packageLayers)]));
  return {
    count: packageLayers + 1,
    layerOf: (source) => (source === undefined ? packageLayers : (layers.get(source) ?? packageLayers)),
  };
}
