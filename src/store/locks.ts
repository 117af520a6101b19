import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { SlipwayError } from "../base/index.ts";
import { isAlive } from "./holder.ts";
import { folders, type State } from "./state.ts";

/** Locks by name between processes; a row names the holder, and a dead holder's row counts as none. */
export class Locks {
  readonly #state: State;
  /** Last in the queue of this process, by name: those here wait for one another without asking the database. */
  readonly #queues = new Map<string, Promise<void>>();

  constructor(state: State) {
    this.#state = state;
  }

  async acquire(name: string, signal?: AbortSignal): Promise<AsyncDisposable> {
    const before = this.#queues.get(name);
    const { promise: done, resolve: leave } = Promise.withResolvers<void>();
    this.#queues.set(name, before ? before.then(() => done) : done);
    const last = this.#queues.get(name);
    const release = (): void => {
      leave();
      if (this.#queues.get(name) === last) this.#queues.delete(name);
    };
    try {
      await aborted(signal, name, before);
      for (let wait = 2; !this.#take(name); wait = Math.min(wait * 2, 100)) {
        await aborted(signal, name, sleep(wait, undefined, { ref: true }));
      }
    } catch (error) {
      release();
      throw error;
    }
    let held = true;
    return {
      [Symbol.asyncDispose]: () => {
        if (held && !this.#state.closed) {
          this.#state.db.run("DELETE FROM locks WHERE name = ? AND holder = ?", name, this.#state.build.id);
        }
        held = false;
        release();
        return Promise.resolve();
      },
    };
  }

  #take(name: string): boolean {
    const { db, root, build } = this.#state;
    const holder = (): string | undefined =>
      db.get<{ holder: string }>("SELECT holder FROM locks WHERE name = ?", name)?.holder;
    const seen = holder();
    if (seen !== undefined && isAlive(join(root, folders.holders), seen)) return false;
    const own = build.id;
    return db.write(() => {
      if (holder() !== seen) return false;
      db.run("INSERT OR REPLACE INTO locks (name, holder) VALUES (?, ?)", name, own);
      return true;
    });
  }
}

/** Waits for the promise, unless the signal aborts first. */
export async function aborted(
  signal: AbortSignal | undefined,
  name: string,
  promise: Promise<void> | undefined,
): Promise<void> {
  const cancelled = (): SlipwayError =>
    new SlipwayError({
      code: "SLIP_CANCELLED",
      message: `Cancelled while waiting for "${name}"`,
      cause: signal?.reason,
    });
  if (signal?.aborted) throw cancelled();
  if (!promise) return;
  const { promise: abort, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => reject(cancelled());
  signal?.addEventListener("abort", onAbort, { once: true });
  try {
    await Promise.race([promise, abort]);
  } finally {
    signal?.removeEventListener("abort", onAbort);
  }
}
