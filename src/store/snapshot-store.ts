import { lstatSync } from "node:fs";
import { join } from "node:path";
import { type Digest, SlipwayError } from "../base/index.ts";
import type { SnapshotId, SnapshotRecord, SnapshotRecords } from "./contract.ts";
import { folders, missing, type State } from "./state.ts";
import { blockBytes } from "./tree.ts";
import { ulid } from "./ulid.ts";
import { writeWithRename } from "./write-with-rename.ts";

interface Row {
  readonly id: SnapshotId;
  readonly parent: SnapshotId | null;
  readonly created: number;
  readonly last_used: number;
  readonly size: number;
  readonly entries: number;
  readonly diff_id: Digest | null;
  readonly disk: number | null;
  readonly layer: SnapshotId | null;
}

/** Records of snapshots, each with a folder `snapshots/ID/fs`. */
export class SnapshotStore implements SnapshotRecords {
  readonly #state: State;
  readonly #discard: (path: string) => Promise<void>;

  constructor(state: State, discard: (path: string) => Promise<void>) {
    this.#state = state;
    this.#discard = discard;
  }

  get(id: SnapshotId): SnapshotRecord | undefined {
    const row = this.#row(id);
    return row && recordOf(row);
  }

  chain(id: SnapshotId): readonly SnapshotRecord[] {
    const chain: SnapshotRecord[] = [];
    for (let at: SnapshotId | undefined = id; at !== undefined;) {
      const record = this.get(at);
      if (!record) throw missing(`the snapshot ${at}`);
      chain.push(record);
      at = record.parent;
    }
    return chain.reverse();
  }

  children(id: SnapshotId): readonly SnapshotId[] {
    return this.#state.db
      .all<{ id: SnapshotId }>("SELECT id FROM snapshots WHERE parent = ? ORDER BY id", id)
      .map((row) => row.id);
  }

  list(): readonly SnapshotRecord[] {
    return this.#state.db.all<Row>("SELECT * FROM snapshots ORDER BY id").map(recordOf);
  }

  use(id: SnapshotId): boolean {
    // Before the look-up: whoever prunes from now on sees this process.
    void this.#state.build.id;
    const row = this.#row(id);
    if (row && this.#state.isStale(row.last_used)) {
      return this.#state.db.run("UPDATE snapshots SET last_used = ? WHERE id = ?", Date.now(), id) > 0;
    }
    return row !== undefined;
  }

  folder(id: SnapshotId): string {
    return join(snapshotFolder(this.#state.root, this.#layerOf(id)), "fs");
  }

  stack(id: SnapshotId, parent: SnapshotId): SnapshotRecord {
    const { db, bootId } = this.#state;
    void this.#state.build.id;
    return db.write(() => {
      const layer = this.#row(this.#layerOf(id));
      const below = this.#row(parent);
      if (!layer) throw missing(`the snapshot ${id}`);
      if (!below || !this.use(parent)) throw missing(`the snapshot ${parent}`);
      const there = db.get<Row>("SELECT * FROM snapshots WHERE layer = ? AND parent = ?", layer.id, parent);
      if (there) {
        this.use(there.id);
        return recordOf(there);
      }
      const made = {
        ...layer,
        id: ulid(),
        parent,
        layer: layer.id,
        // What follows from the two alone, so that the image is the same when it is put together again.
        created: Math.max(layer.created, below.created),
        last_used: Date.now(),
        disk: 0,
      };
      db.run(
        `INSERT INTO snapshots (id, parent, layer, created, last_used, size, entries, diff_id, boot, disk)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
        made.id,
        made.parent,
        made.layer,
        made.created,
        made.last_used,
        made.size,
        made.entries,
        made.diff_id,
        bootId,
        made.disk,
      );
      return recordOf(made);
    });
  }

  publish(record: SnapshotRecord, source: string): SnapshotRecord {
    const { db, bootId, root } = this.#state;
    void this.#state.build.id;
    const target = snapshotFolder(root, record.id);
    this.#state.path(folders.snapshots, record.id);
    const disk = record.disk === undefined ? undefined : record.disk + blockBytes(lstatSync(source));
    writeWithRename(db, source, target, (rename) => {
      if (record.parent !== undefined && !this.#row(record.parent)) throw missing(`the snapshot ${record.parent}`);
      db.run(
        `INSERT INTO snapshots (id, parent, created, last_used, size, entries, diff_id, boot, disk)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
        record.id,
        record.parent ?? null,
        record.created,
        Date.now(),
        record.size,
        record.entries,
        record.diffId ?? null,
        bootId,
        disk ?? null,
      );
      rename();
    });
    return { ...record, disk };
  }

  setDiffId(id: SnapshotId, diffId: Digest): void {
    // All that share the folder have the digest.
    const update = "UPDATE snapshots SET diff_id = ?1 WHERE id = ?2 OR layer = ?2";
    if (this.#state.db.run(update, diffId, this.#layerOf(id)) === 0) throw missing(`the snapshot ${id}`);
  }

  rewritten(id: SnapshotId, epoch: number): Digest | undefined {
    const row = this.#state.db.get<{ readonly diff_id: Digest }>(
      "SELECT diff_id FROM rewritten_layers WHERE snapshot = ? AND epoch = ?",
      this.#layerOf(id),
      epoch,
    );
    return row?.diff_id;
  }

  setRewritten(id: SnapshotId, epoch: number, diffId: Digest): void {
    if (!this.#row(id)) throw missing(`the snapshot ${id}`);
    const insert = "INSERT OR REPLACE INTO rewritten_layers (snapshot, epoch, diff_id) VALUES (?, ?, ?)";
    this.#state.db.run(insert, this.#layerOf(id), epoch, diffId);
  }

  epochOf(id: SnapshotId, diffId: Digest): number | undefined {
    if (this.#row(id)?.diff_id === diffId) return undefined;
    const row = this.#state.db.get<{ readonly epoch: number }>(
      "SELECT epoch FROM rewritten_layers WHERE snapshot = ? AND diff_id = ?",
      this.#layerOf(id),
      diffId,
    );
    return row?.epoch;
  }

  async remove(id: SnapshotId): Promise<boolean> {
    const { db } = this.#state;
    const removed = db.write(() => {
      const user =
        db.get<{ what: string }>(
          "SELECT 'the snapshot ' || id AS what FROM snapshots WHERE parent = ?1 OR layer = ?1",
          id,
        ) ?? db.get<{ what: string }>("SELECT 'the image ' || id AS what FROM images WHERE top = ?", id);
      if (user) {
        throw new SlipwayError({
          code: "SLIP_STORE",
          message: `Cannot remove the snapshot ${id}: ${user.what} stands on it`,
          hint: "remove that first",
        });
      }
      return db.run("DELETE FROM snapshots WHERE id = ?", id) > 0;
    });
    if (removed) await this.#discard(snapshotFolder(this.#state.root, id));
    return removed;
  }

  /** The snapshot that has the folder. */
  #layerOf(id: SnapshotId): SnapshotId {
    return this.#row(id)?.layer ?? id;
  }

  #row(id: SnapshotId): Row | undefined {
    return this.#state.db.get<Row>("SELECT * FROM snapshots WHERE id = ?", id);
  }
}

export function snapshotFolder(root: string, id: SnapshotId): string {
  return join(root, folders.snapshots, id);
}

function recordOf(row: Row): SnapshotRecord {
  return {
    id: row.id,
    parent: row.parent ?? undefined,
    created: row.created,
    size: row.size,
    entries: row.entries,
    diffId: row.diff_id ?? undefined,
    disk: row.disk ?? undefined,
  };
}
