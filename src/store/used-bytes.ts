import { lstatSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { Database } from "./database.ts";
import { folders } from "./state.ts";
import { blockBytes, measureTree } from "./tree.ts";

/** What a folder or a small file takes at least. */
const block = 4096;
/** Folders `blobs/sha256/xx`. */
const blobFolders = 256;

/** What the rows of the database account for, and the rest, as bytes on the disk: a few sums, whatever the store holds. */
export function usedBytes(db: Database, rest: number): number {
  const sum = (sql: string): number => db.get<{ bytes: number | null }>(sql)?.bytes ?? 0;
  const blobs = db.get<{ bytes: number | null; count: number }>(
    `SELECT sum((size + ${block - 1}) / ${block} * ${block}) AS bytes, count(*) AS count FROM blobs`,
  );
  return (
    rest +
    sum("SELECT sum(coalesce(disk, size)) AS bytes FROM snapshots") +
    sum("SELECT sum(disk) AS bytes FROM cache_mounts") +
    (blobs?.bytes ?? 0) +
    block * Math.min(blobs?.count ?? 0, blobFolders)
  );
}

/**
 * What no row accounts for: the database, the archive's indexes, the runtime, what is known of contexts. Little, so it is walked; but for folders of work
 * that is going on, which is counted when it is published.
 */
export function restBytes(root: string): number {
  let bytes = blockBytes(lstatSync(root));
  for (const name of readdirSync(root)) {
    if (name === folders.active) continue;
    const path = join(root, name);
    const inRows = name === folders.snapshots || name === folders.caches || name === folders.blobs.split("/")[0];
    bytes += bytesOf(path, inRows);
  }
  return bytes;
}

/** Zero for what is gone meanwhile, or belongs to another user. */
function bytesOf(path: string, shallow: boolean): number {
  try {
    const stat = lstatSync(path);
    return stat.isDirectory() && !shallow ? (measureTree(path)?.disk ?? 0) : blockBytes(stat);
  } catch {
    return 0;
  }
}
