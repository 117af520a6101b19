import { existsSync, mkdirSync, readdirSync, renameSync } from "node:fs";
import { join } from "node:path";
import { remove } from "./chores.ts";
import { folders, type State } from "./state.ts";
import { ulid } from "./ulid.ts";

/** Moves a path out of sight, which is one step whatever its size. Returns where it went, or undefined when it was not there. */
export function moveToTrash(state: State, path: string): string | undefined {
  const target = join(state.root, folders.trash, ulid());
  for (let again = true; ; again = false) {
    try {
      renameSync(path, target);
      return target;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
      if (!again || !existsSync(path)) return undefined;
      mkdirSync(join(state.root, folders.trash), { recursive: true });
    }
  }
}

/** Deletes a path in the store: first out of sight, then from the disk. */
export async function discard(state: State, path: string): Promise<void> {
  const trashed = moveToTrash(state, path);
  if (trashed !== undefined) await empty([trashed]);
}

/** Deletes what is in the trash, also of other processes. What this process may not delete stays for one that may. */
export async function emptyTrash(state: State): Promise<void> {
  const trash = join(state.root, folders.trash);
  if (existsSync(trash)) await empty(readdirSync(trash).map((name) => join(trash, name)));
}

async function empty(paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    try {
      await remove(path);
    } catch {
      // Files of other ids, met outside the namespaces that a rootless build runs in: recover deletes them there.
    }
  }
}
