import type { Digest } from "../base/index.ts";
import type { State } from "./state.ts";

/** What caches from elsewhere told beside the records that they brought. */
export interface Travelled {
  /** The cache that the record of a key came from: `registry.example/app:cache`; undefined for what was made here. */
  sourceOf(key: Digest): string | undefined;
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

  constructor(state: State) {
    this.#state = state;
  }

  sourceOf(key: Digest): string | undefined {
    return this.#state.db.get<{ readonly source: string }>("SELECT source FROM record_sources WHERE key = ?", key)
      ?.source;
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
