import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import type * as WorkerThreads from "node:worker_threads";
import { entryPoint } from "./entry.ts";
import { SlipwayError, type SlipwayErrorInit, toSlipwayError } from "./errors.ts";

/** Loaded with the first thread: a cached build starts none, and Node takes 2 ms for the module. */
const threads = (): typeof WorkerThreads => process.getBuiltinModule("node:worker_threads");

/** Megabytes that a thread's heap may grow by between two collections; Node's own default makes every thread three times as large. */
const youngGeneration = 16;

type Reply = { readonly id: number } & (
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly error: SlipwayErrorInit }
);
interface Request {
  readonly id: number;
  /** As for entryPoint: whose function it is. */
  readonly entry: string;
  /** The file that offers it. */
  readonly file: string;
  readonly name: string;
  readonly payload: unknown;
}

/** Functions that a worker thread offers: one structured-clonable value in, one out. */
export type Handlers = Readonly<Record<string, (payload: never) => unknown>>;

/** What answers for each entry that a thread has loaded. It is the thread's: each bundled entry has its own copy of this module. */
type Servers = Map<string, (request: Request) => Promise<Reply>>;
const kept: { [key: symbol]: Servers | undefined } = globalThis;
const servers = Symbol.for("slipway.servers");

/**
 * Called once at the top of a worker module: answers the calls of a WorkerPool for its entry.
 * @param entry as for entryPoint: `layer/worker`.
 */
export function serve(entry: string, handlers: Handlers): void {
  const { isMainThread, parentPort: port } = threads();
  if (isMainThread || !port) return;
  const first = kept[servers] === undefined;
  const all: Servers = (kept[servers] ??= new Map());
  all.set(entry, async ({ id, name, payload }: Request): Promise<Reply> => {
    try {
      const handler = handlers[name] as ((payload: unknown) => unknown) | undefined;
      if (!handler) throw new Error(`no worker function ${name}`);
      return { id, ok: true, value: await handler(payload) };
    } catch (error) {
      return { id, ok: false, error: toSlipwayError(error).toJSON() };
    }
  });
  if (!first) return;
  const load = process.getBuiltinModule("node:module").createRequire(import.meta.url);
  port.on("message", (request: Request) => {
    void (async () => {
      try {
        if (!all.has(request.entry)) load(request.file);
        const answer = all.get(request.entry);
        if (!answer) throw new Error(`no worker ${request.entry}`);
        port.postMessage(await answer(request));
      } catch (error) {
        port.postMessage({ id: request.id, ok: false, error: toSlipwayError(error).toJSON() } satisfies Reply);
      }
    })();
  });
}

interface Seat {
  readonly worker: WorkerThreads.Worker;
  readonly pending: Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>;
  /** Whose calls are pending, or were last. */
  pool: WorkerPool;
  /** Ends it when nobody has asked it for long. */
  rest?: NodeJS.Timeout | undefined;
}

/** All threads of this process. Starting one takes longer than most of what is asked of it: a pool takes another's that has nothing to do. */
const seats: Seat[] = [];
let next = 0;

/** A thread without work has ended after so long (milliseconds), and given back some ten megabytes; starting one takes a few hundredths of a second. */
const idleTime = 10_000;

export interface WorkerPoolOptions {
  /** Threads that work for this pool at once, at most. */
  readonly size?: number;
  /** No other pool gets its threads, which end with it: for functions that keep something between two calls. */
  readonly isOwn?: boolean;
}

/** Worker threads that run one room's heavy synchronous work off the main thread. Threads start when first needed and never hold the process open. */
export class WorkerPool implements Disposable {
  readonly #entry: string;
  readonly #size: number;
  readonly #isOwn: boolean;
  /** Why a thread of its own ended, and with it what that kept. */
  #lost: Error | undefined;

  /** @param entry as for entryPoint: `layer/worker`. */
  constructor(entry: string, { size = availableParallelism(), isOwn = false }: WorkerPoolOptions = {}) {
    this.#entry = entry;
    this.#size = Math.max(1, size);
    this.#isOwn = isOwn;
  }

  /** Runs one function in the least busy thread; rejects with the SlipwayError that it threw. */
  call<T>(name: string, payload: unknown): Promise<T> {
    if (this.#lost) return Promise.reject(toSlipwayError(this.#lost));
    const seat = this.#seat();
    seat.pool = this;
    const id = next++;
    const file = fileURLToPath(entryPoint(this.#entry));
    return new Promise<T>((resolve, reject) => {
      // It throws for what cannot be cloned; the answer comes in a later turn.
      seat.worker.postMessage({ id, entry: this.#entry, file, name, payload } satisfies Request);
      clearTimeout(seat.rest);
      if (seat.pending.size === 0) seat.worker.ref();
      seat.pending.set(id, { resolve: resolve as (value: unknown) => void, reject });
    });
  }

  /** Starts all threads ahead of the first call: for who waits for something else until then. */
  start(): void {
    for (let there = seats.filter((seat) => this.#mayHave(seat)).length; there < this.#size; there++) this.#open();
  }

  /** Ends the threads that work for this pool, whose calls never return, and those that are its own. */
  [Symbol.dispose](): void {
    for (const seat of seats.filter(({ pool, pending }) => pool === this && (this.#isOwn || pending.size > 0))) {
      end(seat);
    }
  }

  #mayHave({ pool, pending }: Seat): boolean {
    return pool === this || (pending.size === 0 && !this.#isOwn && !pool.#isOwn);
  }

  #seat(): Seat {
    const mine = seats.filter(({ pool }) => pool === this);
    const idle = [...mine, ...seats].find((seat) => seat.pending.size === 0 && this.#mayHave(seat));
    if (idle) return idle;
    if (mine.length < this.#size) return this.#open();
    return mine.reduce((least, seat) => (seat.pending.size < least.pending.size ? seat : least));
  }

  #open(): Seat {
    const options = { resourceLimits: { maxYoungGenerationSizeMb: youngGeneration } };
    const worker = new (threads().Worker)(entryPoint(this.#entry), options);
    const seat: Seat = { worker, pending: new Map(), pool: this };
    worker.on("message", (reply: Reply) => {
      const waiter = seat.pending.get(reply.id);
      seat.pending.delete(reply.id);
      if (seat.pending.size === 0) {
        worker.unref();
        if (!seat.pool.#isOwn) seat.rest = setTimeout(() => end(seat), idleTime).unref();
      }
      if (!waiter) return;
      if (reply.ok) waiter.resolve(reply.value);
      else waiter.reject(new SlipwayError(reply.error));
    });
    const fail = (error: Error): void => {
      takeOut(seat);
      clearTimeout(seat.rest);
      if (seat.pool.#isOwn) seat.pool.#lost = error;
      for (const waiter of seat.pending.values()) waiter.reject(toSlipwayError(error));
      seat.pending.clear();
    };
    worker.on("error", fail);
    worker.on("exit", (code) => fail(new Error(`a worker of ${seat.pool.#entry} ended with code ${code}`)));
    // After the listeners: one for messages holds the process again.
    worker.unref();
    seats.push(seat);
    return seat;
  }
}

function end(seat: Seat): void {
  takeOut(seat);
  void seat.worker.terminate();
}

function takeOut(seat: Seat): void {
  const at = seats.indexOf(seat);
  if (at >= 0) seats.splice(at, 1);
}
