import { statfsSync } from "node:fs";
import { formatByteSize, SlipwayError } from "../../base/index.ts";
import type { GuardedStep, SpaceGuard } from "../../ops/index.ts";
import type { Eviction, StorageLimit, Store } from "../../store/index.ts";

/** Nobody is stopped for less, and nothing is looked at for less (bytes). */
const little = 1 << 20;
/** The fastest that anything is expected to write (bytes a millisecond): it decides how soon the disk is asked again. */
const fastest = 2 << 20;
/** Milliseconds between two questions to the disk: a system call each. */
const [shortest, longest] = [20, 1000];
/** After a look at so many files that it took longer than this (milliseconds), the next not before so many times as long. */
const [long, rest] = [50, 5];
/** Evictions begin before the store is full: by what is written in so many milliseconds, and by so many bytes. */
const [ahead, least] = [250, 16 << 20];
/** Where nothing could be evicted, it is not tried again for so long (milliseconds). */
const pause = 5000;

interface Watched {
  readonly name: string;
  readonly folders: readonly string[];
  readonly stop: AbortController;
}

/**
 * Keeps steps that run from making the store larger than it may be. While any runs, the free space of the disk is asked for; only when that has shrunk
 * by as much as is left to the store are files counted. Then what was used longest ago is evicted, and if that is not enough the step ends that wrote most.
 */
export class LimitGuard implements SpaceGuard {
  readonly #store: Store;
  readonly #limit: StorageLimit;
  readonly #tell: (eviction: Eviction) => void;
  readonly #steps = new Set<Watched>();
  #timer: NodeJS.Timeout | undefined;
  /** Bytes that were free when the store was last measured, or were since. */
  #free = 0;
  /** Bytes that the store might grow by then. */
  #left = 0;
  /** What was free at the last question, and when that was: how fast the disk fills. */
  #last = { free: 0, time: 0 };
  /** Bytes that the disk fills by while an eviction takes place. */
  #margin = least;
  /** Milliseconds since the epoch. */
  #notBefore = 0;
  #noEvictionBefore = 0;

  /** @param tell hears of what was evicted. */
  constructor(store: Store, limit: StorageLimit, tell: (eviction: Eviction) => void) {
    this.#store = store;
    this.#limit = limit;
    this.#tell = tell;
  }

  watch(name: string, folders: readonly string[]): GuardedStep {
    const step: Watched = { name, folders, stop: new AbortController() };
    if (this.#steps.size === 0) {
      this.#free = freeIn(this.#store.root);
      this.#last = { free: this.#free, time: Date.now() };
      this.#margin = least;
      this.#left = this.#limit.max - this.#store.estimate();
    }
    this.#steps.add(step);
    this.#timer ??= this.#later();
    return {
      signal: step.stop.signal,
      [Symbol.dispose]: () => {
        this.#steps.delete(step);
        if (this.#steps.size > 0) return;
        clearTimeout(this.#timer);
        this.#timer = undefined;
      },
    };
  }

  #later(): NodeJS.Timeout {
    const until = (this.#left - this.#margin - this.#shrunk()) / fastest;
    const wait = Math.min(longest, Math.max(shortest, until, this.#notBefore - Date.now()));
    return setTimeout(() => void this.#ask(), wait).unref();
  }

  async #ask(): Promise<void> {
    const shrunk = this.#shrunk();
    if (shrunk >= Math.max(this.#left - this.#margin, little)) {
      try {
        await this.#look();
      } catch {
        // The store may be busy with another process; the next question is not far.
      }
    }
    this.#timer = this.#steps.size > 0 ? this.#later() : undefined;
  }

  async #look(): Promise<void> {
    let live = await this.#measure();
    if (this.#left < this.#margin && Date.now() >= this.#noEvictionBefore) {
      const eviction = await this.#store.keepWithin({ when: "running", room: live + this.#margin });
      if (eviction && eviction.things.length > 0) this.#tell(eviction);
      if (eviction?.over) this.#noEvictionBefore = Date.now() + pause;
      live = await this.#measure();
    }
    if (this.#left < 0) await this.#stopLargest();
  }

  /** Measures the store anew. @returns the bytes of work that is going on */
  async #measure(): Promise<number> {
    this.#free = freeIn(this.#store.root);
    const started = Date.now();
    const live = await this.#store.live();
    const took = Date.now() - started;
    this.#notBefore = took > long ? Date.now() + rest * took : 0;
    this.#left = this.#limit.max - this.#store.estimate() - live;
    return live;
  }

  /** By how many bytes the disk has filled since the store was measured. */
  #shrunk(): number {
    const [free, time] = [freeIn(this.#store.root), Date.now()];
    const { free: before, time: then } = this.#last;
    if (time > then) this.#margin = Math.max(least, ((before - free) / (time - then)) * ahead);
    this.#last = { free, time };
    // What others delete meanwhile must not hide what is written.
    this.#free = Math.max(this.#free, free);
    return this.#free - free;
  }

  async #stopLargest(): Promise<void> {
    let largest: { readonly step: Watched; readonly bytes: number } | undefined;
    for (const step of this.#steps) {
      if (step.stop.signal.aborted) return;
      const bytes = await this.#store.written(step.folders);
      if (bytes >= little && bytes > (largest?.bytes ?? 0)) largest = { step, bytes };
    }
    largest?.step.stop.abort(this.#problem(largest.step, largest.bytes));
  }

  #problem({ name }: Watched, bytes: number): SlipwayError {
    const { label, max } = this.#limit;
    const [wrote, whole] = [bytes, max - this.#left].map(formatByteSize);
    return new SlipwayError({
      code: "SLIP_STORE",
      message: `Cannot go on with ${JSON.stringify(name)}: it has written ${wrote}, which makes the store ${whole}, more than ${label}, and nothing more can be evicted`,
      hint: "raise storage.max in the configuration, or make room: `slipway du` shows what takes it, `slipway rmi` removes images with names",
    });
  }
}

/** Bytes that the disk of a folder has left. */
function freeIn(folder: string): number {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
}
