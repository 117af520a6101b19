import { type Dirent, lstatSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { blockBytes } from "./tree.ts";

const day = 24 * 60 * 60_000;

/**
 * Folders of other rooms whose files are made again when they are missing, at the price of reading or fetching: what is known of the
 * files of build contexts, the archive's package indexes, and packages as they were unpacked. `keepFor`: milliseconds since its last use that
 * `prune` leaves a file.
 */
const remadeFolders = [
  { folder: "statcache", keepFor: 14 * day },
  { folder: "debian/indexes", keepFor: 0 },
  { folder: "debian/unpacked", keepFor: 0 },
] as const;

/** A file that is made again when it is missing. */
export interface RemadeFile {
  /** Its folder below the store's root. */
  readonly folder: string;
  /** Absolute. */
  readonly path: string;
  /** Bytes on the disk. */
  readonly size: number;
  /** Time of its last change or use, and how much longer than that it is kept, in milliseconds. */
  readonly lastUsed: number;
  readonly keepFor: number;
}

export function remadeFiles(root: string): readonly RemadeFile[] {
  return remadeFolders.flatMap(({ folder, keepFor }) =>
    entries(join(root, folder)).flatMap((entry) => {
      const path = join(root, folder, entry.name);
      const stat = entry.isFile() ? lstatSync(path, { throwIfNoEntry: false }) : undefined;
      return stat ? [{ folder, path, size: blockBytes(stat), lastUsed: stat.mtimeMs, keepFor }] : [];
    }),
  );
}

function entries(folder: string): readonly Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}

/** True for a file that a prune takes. */
export function isOld({ lastUsed, keepFor }: RemadeFile, before: number, all: boolean): boolean {
  return lastUsed < Math.min(before, all ? Number.POSITIVE_INFINITY : Date.now() - keepFor);
}
