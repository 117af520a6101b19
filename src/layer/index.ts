/** Floor 1: the layer codec: tar, whiteouts, compression and digests, off the main thread. */
export type * from "./contract.ts";
export { Growth } from "./growth.ts";
export { extractTar, unpackLayer, writeLayer } from "./calls.ts";
export { extractHere, type ExtractWatch } from "./extract-here.ts";
export { defaultLevel } from "./levels.ts";
export { type Detected, decompress } from "./decompress.ts";
export { encodeHeader, encodeHeaderBlock } from "./header.ts";
export { readTar } from "./read-tar.ts";
export { roundUp } from "./tar-format.ts";
