import { lstatSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { SourceOp } from "../../graph/index.ts";
import type { SnapshotId, Store } from "../../store/index.ts";
import { treeTimeKey } from "./fetched-tree.ts";

/**
 * When what a tree came from was made, in seconds since the epoch: the time of a commit, or else that of the newest file.
 * Undefined where nothing says it.
 */
export function treeTime(op: SourceOp, id: SnapshotId, store: Store): number | undefined {
  if (op.kind !== "git") return newest(store.snapshots.folder(id));
  const known = store.facts.get(treeTimeKey(id));
  return typeof known === "number" ? known : undefined;
}

function newest(folder: string): number | undefined {
  let latest: number | undefined;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    const time = entry.isDirectory()
      ? newest(path)
      : entry.isFile()
        ? Math.floor(lstatSync(path).mtimeMs / 1000)
        : undefined;
    if (time !== undefined && (latest === undefined || time > latest)) latest = time;
  }
  return latest;
}
