import type { Digest } from "../base/index.ts";
import type { SnapshotId, SnapshotRecords } from "./contract.ts";
import type { State } from "./state.ts";

/** What caches from elsewhere told beside the records that they brought. */
export interface Travelled {
  /** The cache that the record of a key came from: `registry.example/app:cache`; undefined for what was made here. */
  sourceOf(key: Digest): string | undefined;
  /** The cache that a snapshot came from, as far as a record of it did. */
  sourceOfSnapshot(id: SnapshotId): string | undefined;
  /** Whether there are records that came with caches and that stand on one of these snapshots. */
  standsOn(lost: ReadonlySet<SnapshotId>): boolean;
  /**
   * Forgets the records that came with caches and that stand on one of these snapshots, because their layers cannot be had. What was made here stays.
   * @returns the caches that they came from.
   */
  forgetOn(lost: ReadonlySet<SnapshotId>): readonly string[];
  /** Says of records that are there that they came from a cache. */
  setSource(keys: readonly Digest[], source: string): void;
  /** The identity that a definition led to elsewhere. Its result need not be in the store. */
  promised(definition: Digest): Digest | undefined;
  /** Remembers where definitions led; a later promise takes the place of an earlier one. */
  promise(identities: ReadonlyMap<Digest, Digest>): void;
}

/** Promises that are remembered: those of the caches that came last. */
const mostPromises = 20_000;

/** A source goes with its record; the oldest promises make room for new ones. */
export class TravelledStore implements Travelled {
  readonly #state: State;
  readonly #snapshots: SnapshotRecords;

  constructor(state: State, snapshots: SnapshotRecords) {
    this.#state = state;
    this.#snapshots = snapshots;
  }

  sourceOf(key: Digest): string | undefined {
    return this.#state.db.get<{ readonly source: string }>("SELECT source FROM record_sources WHERE key = ?", key)
      ?.source;
  }

  sourceOfSnapshot(id: SnapshotId): string | undefined {
    return this.#state.db.get<{ readonly source: string }>(
      "SELECT source FROM record_sources JOIN records USING (key) WHERE snapshot = ? LIMIT 1",
      id,
    )?.source;
  }

  forgetOn(lost: ReadonlySet<SnapshotId>): readonly string[] {
    const { db } = this.#state;
    return db.write(() => {
      const gone = this.#standing(lost);
      for (const { key, source } of gone) {
        db.run("DELETE FROM records WHERE key = ?", key);
        db.run("UPDATE key_notes SET gone = ? WHERE key = ?", `the cache ${source} has lost its layers`, key);
      }
      return [...new Set(gone.map(({ source }) => source))];
    });
  }

  standsOn(lost: ReadonlySet<SnapshotId>): boolean {
    return lost.size > 0 && this.#standing(lost).length > 0;
  }

  #standing(lost: ReadonlySet<SnapshotId>): readonly { readonly key: Digest; readonly source: string }[] {
    return this.#state.db
      .all<{ readonly key: Digest; readonly snapshot: SnapshotId; readonly source: string }>(
        "SELECT key, snapshot, source FROM record_sources JOIN records USING (key)",
      )
      .filter(({ snapshot }) => this.#snapshots.chain(snapshot).some(({ id }) => lost.has(id)));
  }

  setSource(keys: readonly Digest[], source: string): void {
    const { db } = this.#state;
    db.write(() => {
      for (const key of keys) db.run("INSERT OR REPLACE INTO record_sources (key, source) VALUES (?, ?)", key, source);
    });
  }

  promised(definition: Digest): Digest | undefined {
    return this.#state.db.get<{ readonly identity: Digest }>(
      "SELECT identity FROM promised_identities WHERE definition = ?",
      definition,
    )?.identity;
  }

  promise(identities: ReadonlyMap<Digest, Digest>): void {
    const { db } = this.#state;
    const fresh = [...identities].filter(([definition, identity]) => this.promised(definition) !== identity);
    if (fresh.length === 0) return;
    const now = Date.now();
    db.write(() => {
      for (const [definition, identity] of fresh) {
        db.run(
          "INSERT OR REPLACE INTO promised_identities (definition, identity, made) VALUES (?, ?, ?)",
          definition,
          identity,
          now,
        );
      }
      db.run(
        `DELETE FROM promised_identities WHERE made <
           (SELECT made FROM promised_identities ORDER BY made DESC LIMIT 1 OFFSET ${mostPromises - 1})`,
      );
    });
  }
}
