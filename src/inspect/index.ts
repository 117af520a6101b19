/** Floor 4: what is in an image, and two images side by side. */
export type { Comparison, ImageInspection, InstalledPackage, NotableFile, TreeInspection } from "./contract.ts";
export { compareImages } from "./compare-images.ts";
export { inspectRoot } from "./inspect-root.ts";
