import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import type { SnapshotId, Store } from "../store/index.ts";
import type { Snapshotter } from "./index.ts";

/** What a case works with. */
export interface Lab {
  readonly store: Store;
  readonly snapshotter: Snapshotter;
  readonly xattrs: "trusted" | "user";
  /** Commits what the function does to a root over the parent. */
  readonly layer: (parent: SnapshotId | undefined, change: (root: string) => void) => Promise<SnapshotId>;
}

/** A folder's names, sorted. */
export const names = (folder: string): readonly string[] => readdirSync(folder).toSorted();
/** Mounts of snapshots that are being written. */
export const mounts = (): readonly string[] =>
  readFileSync("/proc/self/mounts", "utf8")
    .split("\n")
    .filter((line) => line.includes("/active/"));
export const rejects = (action: () => Promise<unknown>, code: string): Promise<void> =>
  assert.rejects(action, { code });
