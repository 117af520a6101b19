import type { Digest } from "../base/index.ts";
import type { CacheRecord, CacheRecords, LayerBlob, LayerBlobs, SnapshotId, SnapshotRecords } from "./contract.ts";
import { writeNote } from "./key-notes.ts";
import { missing, type State } from "./state.ts";

export interface RecordRow {
  readonly key: Digest;
  readonly identity: Digest;
  readonly snapshot: SnapshotId;
  readonly created: number;
  readonly last_used: number;
  readonly description: string;
}

/** Cache records; each goes with its snapshot. */
export class RecordStore implements CacheRecords {
  readonly #state: State;
  readonly #snapshots: SnapshotRecords;

  constructor(state: State, snapshots: SnapshotRecords) {
    this.#state = state;
    this.#snapshots = snapshots;
  }

  get(key: Digest): CacheRecord | undefined {
    void this.#state.build.id;
    const row = this.#row(key);
    if (!row) return undefined;
    if (this.#state.isStale(row.last_used)) this.touch(key);
    return this.#snapshots.use(row.snapshot) ? recordOf(row) : undefined;
  }

  peek(key: Digest): CacheRecord | undefined {
    const row = this.#row(key);
    return row && this.#snapshots.get(row.snapshot) ? recordOf(row) : undefined;
  }

  put(record: CacheRecord, options: Parameters<CacheRecords["put"]>[1] = {}): CacheRecord {
    const { db } = this.#state;
    void this.#state.build.id;
    return db.write(() => {
      const first = options.replace ? undefined : this.get(record.key);
      if (first) return first;
      if (!this.#snapshots.use(record.snapshot)) throw missing(`the snapshot ${record.snapshot}`);
      db.run(
        `INSERT OR REPLACE INTO records (key, identity, snapshot, created, last_used, description)
         VALUES (?, ?, ?, ?, ?, ?)`,
        record.key,
        record.identity,
        record.snapshot,
        record.created,
        Date.now(),
        record.description,
      );
      if (options.note) writeNote(db, options.note);
      return record;
    });
  }

  touch(key: Digest, lastUsed: number = Date.now()): void {
    this.#state.db.run("UPDATE records SET last_used = ? WHERE key = ?", lastUsed, key);
  }

  delete(key: Digest): void {
    this.#state.db.run("DELETE FROM records WHERE key = ?", key);
  }

  list(): readonly (CacheRecord & { readonly lastUsed: number })[] {
    return this.#state.db
      .all<RecordRow>("SELECT * FROM records ORDER BY last_used DESC, key")
      .map((row) => Object.assign(recordOf(row), { lastUsed: row.last_used }));
  }

  #row(key: Digest): RecordRow | undefined {
    return this.#state.db.get<RecordRow>("SELECT * FROM records WHERE key = ?", key);
  }
}

export function recordOf({ key, identity, snapshot, created, description }: RecordRow): CacheRecord {
  return { key, identity, snapshot, created, description };
}

/** Which blob a layer became; a row goes with its blob. */
export class LayerBlobStore implements LayerBlobs {
  readonly #state: State;

  constructor(state: State) {
    this.#state = state;
  }

  get(diffId: Digest, compression: LayerBlob["compression"], level: number): LayerBlob | undefined {
    const { db } = this.#state;
    // Before the look-up: whoever prunes from now on sees this process.
    void this.#state.build.id;
    const row = db.get<LayerBlob & { readonly last_used: number }>(
      `SELECT diff_id AS diffId, compression, level, digest, layer_blobs.size, last_used
       FROM layer_blobs JOIN blobs USING (digest) WHERE diff_id = ? AND compression = ? AND level = ?`,
      diffId,
      compression,
      level,
    );
    if (!row) return undefined;
    const { last_used: lastUsed, ...blob } = row;
    if (this.#state.isStale(lastUsed)) {
      db.run("UPDATE blobs SET last_used = ? WHERE digest = ?", Date.now(), blob.digest);
    }
    return blob;
  }

  put(blob: LayerBlob): void {
    const { db } = this.#state;
    db.write(() => {
      if (!db.get("SELECT 1 FROM blobs WHERE digest = ?", blob.digest)) throw missing(`the blob ${blob.digest}`);
      db.run(
        `INSERT INTO layer_blobs (diff_id, compression, level, digest, size, irreplaceable) VALUES (?, ?, ?, ?, ?, ?)
         ON CONFLICT (diff_id, compression, level) DO UPDATE SET digest = excluded.digest, size = excluded.size,
           irreplaceable = max(irreplaceable AND digest = excluded.digest, excluded.irreplaceable)`,
        blob.diffId,
        blob.compression,
        blob.level,
        blob.digest,
        blob.size,
        blob.irreplaceable ? 1 : 0,
      );
    });
  }
}
