import { lstatSync, readdirSync, type Stats } from "node:fs";
import { basename, dirname, join } from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import { cacheFolder, type CacheMountRow, mountsInUse } from "./cache-mount-store.ts";
import { folders, type State } from "./state.ts";
import { blockBytes } from "./tree.ts";

/** What work that is going on has written so far, of all processes (bytes). */
export async function liveBytes(state: State): Promise<number> {
  const { root } = state;
  let live = await liveTree(join(root, folders.active));
  for (const mount of mountsInUse(state)) live += await writtenTo(state, cacheFolder(root, mount));
  return live;
}

/** What a folder of work takes; of a cache mount what it takes more than its last user left. */
export async function writtenTo({ db, root }: State, folder: string): Promise<number> {
  const bytes = await liveTree(folder);
  if (dirname(folder) !== join(root, folders.caches)) return bytes;
  const row = db.get<CacheMountRow>("SELECT * FROM cache_mounts WHERE id = ?", basename(folder));
  return Math.max(0, bytes - (row?.disk ?? 0));
}

/** Entries that are looked at before others get their turn. */
const slice = 500;
const slash = Buffer.from("/");

/**
 * Bytes that a folder takes on the disk while others write in it: what vanishes meanwhile counts for nothing, and what is mounted in it belongs
 * elsewhere.
 */
async function liveTree(folder: string): Promise<number> {
  const top = statOf(Buffer.from(folder));
  if (!top) return 0;
  const linked = new Set<number>();
  const waiting: Buffer[] = [Buffer.from(folder)];
  let disk = blockBytes(top);
  let seen = 0;
  for (let at = waiting.pop(); at; at = waiting.pop()) {
    for (const name of namesIn(at)) {
      if (++seen % slice === 0) await turn();
      const path = Buffer.concat([at, slash, name]);
      const stat = statOf(path);
      if (!stat) continue;
      if (stat.isDirectory()) {
        if (stat.dev !== top.dev) continue;
        waiting.push(path);
      } else if (stat.nlink > 1) {
        if (linked.has(stat.ino)) continue;
        linked.add(stat.ino);
      }
      disk += blockBytes(stat);
    }
  }
  return disk;
}

function namesIn(folder: Buffer): readonly Buffer[] {
  try {
    return readdirSync(folder, { encoding: "buffer" });
  } catch {
    return [];
  }
}

function statOf(path: Buffer): Stats | undefined {
  try {
    return lstatSync(path);
  } catch {
    return undefined;
  }
}
