import { lstatSync, readdirSync, rmdirSync, rmSync, type Stats } from "node:fs";
import { join } from "node:path";
import type { UsagePart } from "./contract.ts";
import { blockBytes } from "./tree.ts";

/**
 * A folder below the root with files of copies: `copied/BOOT/ab/NAME`. Snapshots have further names (hard links) of them, so their bytes count
 * here and nowhere else, and one that no snapshot has any more has one name left. A copy looks for those of this boot of the machine alone:
 * of earlier ones nobody knows that they reached the disk whole.
 */
export const keptFolder = "copied";

/** What they take, folders included, and what a prune would free that removes these snapshots. */
export function keptUsage(
  root: string,
  gone: { readonly plain: readonly string[]; readonly withAll: readonly string[] },
): UsagePart {
  let [bytes, count, active] = [0, 0, 0];
  for (const { stat } of entries(join(root, keptFolder))) {
    bytes += blockBytes(stat);
    if (stat.isDirectory()) continue;
    count++;
    if (stat.nlink > 1) active++;
  }
  const freed = (folders: readonly string[]): number => (count === 0 ? 0 : unusedWithout(root, folders));
  return { count, active, bytes, reclaimable: freed(gone.plain), reclaimableWithAll: freed(gone.withAll) };
}

/**
 * Removes those that no snapshot has. A copy that wants one in this moment has it already, or copies it anew. Gives their bytes.
 * @param before milliseconds since the epoch: only what was last used before.
 */
export function removeUnused(root: string, before: number = Number.POSITIVE_INFINITY): number {
  let bytes = 0;
  const folders: (string | Buffer)[] = [];
  for (const { path, stat } of entries(join(root, keptFolder))) {
    if (stat.isDirectory()) folders.push(path);
    // A change of its names is its last use.
    if (stat.isDirectory() || stat.nlink > 1 || stat.ctimeMs >= before) continue;
    rmSync(path, { force: true });
    bytes += blockBytes(stat);
  }
  // Inner ones first; all but the empty ones stay.
  for (const folder of folders.reverse()) rmdirIfEmpty(folder);
  return bytes;
}

function rmdirIfEmpty(folder: string | Buffer): void {
  try {
    rmdirSync(folder);
  } catch (error) {
    if (!["ENOTEMPTY", "EEXIST", "ENOENT"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
  }
}

/** Bytes of those that have no name left but their own once these folders are gone. */
function unusedWithout(root: string, folders: readonly string[]): number {
  const names = new Map<number, number>();
  for (const folder of folders) {
    for (const { stat } of entries(folder))
      if (stat.isFile() && stat.nlink > 1) names.set(stat.ino, (names.get(stat.ino) ?? 1) + 1);
  }
  let bytes = 0;
  for (const { stat } of entries(join(root, keptFolder))) {
    if (stat.isFile() && stat.nlink === (names.get(stat.ino) ?? 1)) bytes += blockBytes(stat);
  }
  return bytes;
}

/** A folder and all in it, names as bytes; nothing of what is gone, or belongs to another user. */
function* entries(folder: string | Buffer): Generator<{ readonly path: string | Buffer; readonly stat: Stats }> {
  let names: Buffer[];
  try {
    const stat = lstatSync(folder);
    yield { path: folder, stat };
    if (!stat.isDirectory()) return;
    names = readdirSync(folder, "buffer");
  } catch {
    return;
  }
  for (const name of names) yield* entries(Buffer.concat([Buffer.from(folder), Buffer.from("/"), name]));
}
