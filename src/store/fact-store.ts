import type { Digest } from "../base/index.ts";
import type { Facts } from "./contract.ts";
import type { State } from "./state.ts";

/** Small values by key, as JSON. */
export class FactStore implements Facts {
  readonly #state: State;

  constructor(state: State) {
    this.#state = state;
  }

  get(key: string): unknown {
    const row = this.#state.db.get<{ value: string }>("SELECT value FROM facts WHERE key = ?", key);
    return row && (JSON.parse(row.value) as unknown);
  }

  set(key: string, value: unknown, image?: Digest): void {
    const { db } = this.#state;
    db.run(
      "INSERT OR REPLACE INTO facts (key, image, value) VALUES (?, ?, ?)",
      key,
      image ?? null,
      JSON.stringify(value),
    );
  }

  delete(key: string): void {
    this.#state.db.run("DELETE FROM facts WHERE key = ?", key);
  }
}
