import { type Dirent, lstatSync, readdirSync, rmSync } from "node:fs";

/** What a folder holds. */
export interface TreeSize {
  /** Bytes of regular files; a file with several names counts once. */
  readonly size: number;
  /** Bytes of the blocks that the folder takes on the disk, with everything in it. */
  readonly disk: number;
  /** Files, folders and everything else below the folder, without the folder itself. */
  readonly entries: number;
}

const slash = Buffer.from("/");

/**
 * Counts a folder, synchronously: about 4 microseconds an entry. File names are bytes.
 * @param limit entries after which it gives up with undefined.
 */
export function measureTree(folder: string, limit: number = Number.POSITIVE_INFINITY): TreeSize | undefined {
  const linked = new Set<string>();
  const waiting: Buffer[] = [Buffer.from(folder)];
  let size = 0;
  let entries = 0;
  let disk = blockBytes(lstatSync(folder));
  for (let at = waiting.pop(); at; at = waiting.pop()) {
    const found: Dirent<Buffer>[] = readdirSync(at, { encoding: "buffer", withFileTypes: true });
    entries += found.length;
    if (entries > limit) return undefined;
    for (const entry of found) {
      const path = Buffer.concat([at, slash, entry.name]);
      const stat = lstatSync(path);
      if (entry.isDirectory()) waiting.push(path);
      else if (stat.nlink > 1) {
        const inode = `${stat.dev}:${stat.ino}`;
        if (linked.has(inode)) continue;
        linked.add(inode);
      }
      disk += blockBytes(stat);
      if (entry.isFile()) size += stat.size;
    }
  }
  return { size, entries, disk };
}

/** What a file takes on the disk: `st_blocks` counts in 512 bytes whatever the file system's own blocks are. */
export function blockBytes({ blocks }: { readonly blocks: number }): number {
  return 512 * blocks;
}

/** Deletes a file or a folder with everything in it, synchronously; links are never followed, what is not there is fine. */
export function removeTree(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true });
  } catch {
    // Paths longer than PATH_MAX and other process's deletions at the same time are beyond it.
    process.getBuiltinModule("node:child_process").execFileSync("rm", ["-rf", "--", path], { stdio: "ignore" });
  }
}
