import { type BuildEvent, formatByteSize, type SlipwayError, toSlipwayError } from "../../base/index.ts";
import { type Eviction, type EvictOptions, openStore, type Store } from "../../store/index.ts";
import { readStorageLimit } from "../config/storage-config.ts";
import { LimitGuard } from "./space-guard.ts";

/** While a job runs the store is looked at no more often than this (milliseconds). */
const pause = 1000;
/** Things that are told of by name. */
const named = 3;

/** The store of one job, kept within the limit of the configuration: while the job runs, and when it is done. */
export class StoreKeeper implements Disposable {
  readonly store: Store;
  /** Undefined without a limit. */
  readonly guard: LimitGuard | undefined;
  readonly #emit: (event: BuildEvent) => void;
  readonly #started = Date.now();
  #looked = 0;
  #looking: Promise<void> = Promise.resolve();
  #toldOver = false;

  /** @throws SLIP_STORE, SLIP_CONFIG */
  constructor(root: string | undefined, emit: (event: BuildEvent) => void) {
    this.#emit = emit;
    const limit = readStorageLimit();
    const onEviction = (eviction: Eviction): void => this.#tell(eviction);
    this.store = openStore(root, { limit, onEviction });
    this.guard = limit && new LimitGuard(this.store, limit, onEviction);
  }

  /** Something was written. */
  poke(): void {
    if (Date.now() < this.#looked + pause) return;
    this.#looked = Date.now();
    this.#look({ when: "running" });
  }

  /** Awaited when the job needs nothing of the store any more. */
  async done(): Promise<void> {
    this.#look({ when: "done", since: this.#started });
    await this.#looking;
  }

  [Symbol.dispose](): void {
    this.store[Symbol.dispose]();
  }

  #look(options: EvictOptions): void {
    this.#looking = this.#lookAfter(this.#looking, options);
  }

  async #lookAfter(before: Promise<void>, options: EvictOptions): Promise<void> {
    await before;
    try {
      const eviction = await this.store.keepWithin(options);
      if (eviction) this.#tell(eviction, options.when === "done");
    } catch (error) {
      this.#emit(failed(toSlipwayError(error)));
    }
  }

  #tell(eviction: Eviction, last = false): void {
    const { limit, things, left, over } = eviction;
    if (things.length > 0) this.#emit(evicted(eviction));
    if (!over || !last || this.#toldOver) return;
    this.#toldOver = true;
    this.#emit({
      type: "warning",
      message: `The store takes ${formatByteSize(left)}, more than ${limit.label}: images with names, and what is in use, are not evicted`,
      hint: "`slipway images` and `slipway du` show what takes it; remove images with `slipway rmi`, or raise storage.max in the configuration",
    });
  }
}

function evicted({ limit, things, bytes }: Eviction): BuildEvent {
  const largest = things.toSorted((a, b) => b.bytes - a.bytes).slice(0, named);
  const texts = largest.map(
    ({ kind, name, bytes: size, lastUsed }) =>
      `${kind} ${JSON.stringify(cut(name))} (${formatByteSize(size)}, last used ${new Date(lastUsed).toISOString().slice(0, 10)})`,
  );
  const more = things.length - largest.length;
  return {
    type: "warning",
    message: `${formatByteSize(bytes)} of the cache was evicted to stay within ${limit.label}: what was used longest ago`,
    hint: `${texts.join(", ")}${more > 0 ? ` and ${more} more` : ""}; \`slipway du --evicted\` lists all`,
  };
}

function cut(name: string): string {
  const text = name.replace(/\s+/g, " ");
  return text.length > 40 ? `${text.slice(0, 39)}…` : text;
}

function failed({ message, hint }: SlipwayError): BuildEvent {
  return { type: "warning", message: `Cannot keep the store within its limit: ${message}`, hint };
}
