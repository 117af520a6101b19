import type { FailedStep, FailedSteps, SnapshotId } from "./contract.ts";
import { missing, type State } from "./state.ts";

/** So many are kept: a step that fails again and again must not fill the disk. */
const kept = 3;

interface Row {
  readonly snapshot: SnapshotId;
  readonly created: number;
  readonly state: string;
}

/** The file systems that failed steps left, each with what it takes to go into it. */
export class FailedStepStore implements FailedSteps {
  readonly #state: State;

  constructor(state: State) {
    this.#state = state;
  }

  add({ snapshot, created, state }: FailedStep): void {
    const { db } = this.#state;
    db.write(() => {
      if (!db.get("SELECT 1 FROM snapshots WHERE id = ?", snapshot)) throw missing(`the snapshot ${snapshot}`);
      db.run(
        "INSERT OR REPLACE INTO failed_steps (snapshot, created, state) VALUES (?, ?, ?)",
        snapshot,
        created,
        JSON.stringify(state),
      );
      db.run(
        `DELETE FROM failed_steps WHERE snapshot NOT IN
           (SELECT snapshot FROM failed_steps ORDER BY created DESC, snapshot DESC LIMIT ${kept})`,
      );
    });
  }

  list(): readonly FailedStep[] {
    return this.#state.db
      .all<Row>("SELECT * FROM failed_steps ORDER BY created DESC, snapshot DESC")
      .map(({ snapshot, created, state }) => ({ snapshot, created, state: JSON.parse(state) as unknown }));
  }
}
