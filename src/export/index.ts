/** Floor 4: images and file systems that leave slipway. */
export type * from "./contract.ts";
export { type CacheParts, exportCacheLayout, pushCache } from "./cache.ts";
export { exportDocker, streamDocker } from "./docker.ts";
export { exportLocal } from "./local.ts";
export { exportOci, streamOci } from "./oci.ts";
export { type PreparedPush, pushContent, type PushContentOptions } from "./push-content.ts";
export { exportTar } from "./tar.ts";
