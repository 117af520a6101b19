/** Floor 2: what stays on disk: blobs, images and their names, snapshots' and cache records, locks, gc. */
export type * from "./contract.ts";
