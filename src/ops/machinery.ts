import { NeedsRun } from "../solve/index.ts";
import type { FileTree, Machinery, OpRooms } from "./contract.ts";
import type { SnapshotId } from "../store/index.ts";

/** What running needs; in a build that may only ask the cache there is none. */
export function machinery(rooms: OpRooms): Machinery {
  if (!rooms.machinery) throw new NeedsRun();
  return rooms.machinery;
}

/** The snapshot of a result that must be a file system. */
export function snapshotOf(tree: FileTree | undefined): SnapshotId | undefined {
  if (tree?.kind !== "snapshot") throw new Error("a build context is not a file system to build on");
  return tree.id;
}
