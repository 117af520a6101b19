/** Floor 3: committed folders of changes, stacked by overlayfs. */
export type * from "./contract.ts";
export { maxLayers } from "./overlay.ts";
export { openSnapshotter } from "./snapshotter.ts";
