/** Floor 2: what stays on disk: blobs, images and their names, snapshots' and cache records, locks, gc. */
export type * from "./cleaning.ts";
export type * from "./contract.ts";
export type { EvictOptions } from "./evict.ts";
export type * from "./usage.ts";
export type { LayerSource, NewRemoteLayer, RemoteLayer, RemoteLayers } from "./remote-layers.ts";
export { defaultStoreRoot, openStore } from "./open-store.ts";
export { openTrialStore } from "./open-trial-store.ts";
export { measure as measureFolder } from "./chores.ts";
export { ulid } from "./ulid.ts";
