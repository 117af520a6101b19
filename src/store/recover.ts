import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { isDigest } from "../base/index.ts";
import type { BlobStore } from "./blob-store.ts";
import type { Database } from "./database.ts";
import { sweep } from "./gc.ts";
import { holders, removeHolder } from "./holder.ts";
import type { Recovered } from "./cleaning.ts";
import { folders, type State } from "./state.ts";
import { discard, emptyTrash, moveToTrash } from "./trash.ts";

/** A fact: recover has to look for folders without a record. */
const lostFolders = "store/lost-folders";

/**
 * Forgets what was published under another boot of the machine and never brought onto the disk, with all that stands on it.
 * Done whenever a store is opened, before anything trusts a record; one indexed look-up when there is nothing.
 */
export function dropUnsettled(db: Database, bootId: string): void {
  const lost = "SELECT id FROM snapshots WHERE boot IS NOT NULL AND boot <> ?";
  const unfilled = "FROM remote_layers WHERE boot <> '' AND boot <> ?";
  if (!db.get(`${lost} LIMIT 1`, bootId) && !db.get(`SELECT 1 ${unfilled} LIMIT 1`, bootId)) return;
  db.write(() => {
    // They can be had again where they were.
    db.run(`UPDATE snapshots SET disk = 0 WHERE id IN (SELECT snapshot ${unfilled})`, bootId);
    db.run("UPDATE remote_layers SET boot = NULL WHERE boot <> '' AND boot <> ?", bootId);
    db.run("PRAGMA defer_foreign_keys = ON");
    const ids = db.all<{ id: string }>(
      `WITH RECURSIVE gone (id) AS (${lost} UNION SELECT s.id FROM snapshots s JOIN gone ON gone.id IN (s.parent, s.layer))
       SELECT id FROM gone`,
      bootId,
    );
    for (const { id } of ids) {
      db.run("DELETE FROM images WHERE top = ?", id);
      db.run("DELETE FROM snapshots WHERE id = ?", id);
    }
    // Their folders are still there, although no process died in between.
    db.run("INSERT OR REPLACE INTO facts (key, value) VALUES (?, 'true')", lostFolders);
  });
}

/**
 * Sweeps what killed processes left. A process that publishes has a holder first, so without a dead holder there are no
 * leftovers to look for. What lies in the folders is looked at as the writer: nobody publishes meanwhile.
 */
export async function recover(state: State, blobs: BlobStore): Promise<Recovered> {
  void state.build.id;
  const holderFolder = join(state.root, folders.holders);
  // As the writer: a holder's file is made before it is locked, in one transaction. In between it would look dead.
  const dead = state.db.write(() => holders(holderFolder).filter(({ alive }) => !alive));
  await emptyTrash(state);
  const stale = staleFolders(state, holderFolder);
  for (const name of stale) await discard(state, join(state.root, folders.active, name));
  const lost = state.db.get("SELECT 1 FROM facts WHERE key = ?", lostFolders) !== undefined;
  if (dead.length === 0 && !lost) return { processes: 0, folders: stale.length, blobs: 0, snapshots: 0 };

  const orphans = state.db.write(() => {
    for (const { id } of dead) {
      state.db.run("DELETE FROM locks WHERE holder = ?", id);
      state.db.run("DELETE FROM cache_mount_uses WHERE holder = ?", id);
    }
    const known = new Set(
      state.db
        .all<{ id: string }>(
          "SELECT id FROM snapshots WHERE id NOT IN (SELECT snapshot FROM remote_layers WHERE boot IS NULL)",
        )
        .map(({ id }) => id),
    );
    const unknown = names(join(state.root, folders.snapshots)).filter((name) => !known.has(name));
    for (const name of unknown) moveToTrash(state, join(state.root, folders.snapshots, name));
    const mounts = new Set(state.db.all<{ id: string }>("SELECT id FROM cache_mounts").map(({ id }) => id));
    const strange = names(join(state.root, folders.caches)).filter((name) => !mounts.has(name));
    for (const name of strange) moveToTrash(state, join(state.root, folders.caches, name));
    return unknown.length + strange.length;
  });
  const files = names(join(state.root, folders.blobs))
    .flatMap((prefix) => names(join(state.root, folders.blobs, prefix)))
    .map((name) => `sha256:${name}`)
    .filter(isDigest);
  const kept = new Set(state.db.all<{ digest: string }>("SELECT digest FROM blobs").map(({ digest }) => digest));
  const strays = files.filter((digest) => !kept.has(digest));
  await blobs.unlink(strays);
  const unused = await sweep(state, blobs, { type: "collect" });
  await emptyTrash(state);
  state.db.run("DELETE FROM facts WHERE key = ?", lostFolders);
  // Last: should this process be killed too, the next one finds the dead holders again.
  for (const { id } of dead) removeHolder(holderFolder, id);
  return {
    processes: dead.length,
    folders: stale.length + orphans,
    blobs: strays.length,
    snapshots: unused.snapshots.length,
  };
}

/** Folders in `active` whose holder is dead or gone. As the writer, because a holder is registered as one. */
function staleFolders(state: State, holderFolder: string): readonly string[] {
  return state.db.write(() => {
    const living = new Set(holders(holderFolder).flatMap(({ id, alive }) => (alive ? [id] : [])));
    return names(join(state.root, folders.active)).filter((name) => !living.has(name));
  });
}

function names(folder: string): readonly string[] {
  return existsSync(folder) ? readdirSync(folder) : [];
}
