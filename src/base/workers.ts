import { availableParallelism } from "node:os";
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
  readonly name: string;
  readonly payload: unknown;
}

/** Functions that a worker thread offers: one structured-clonable value in, one out. */
export type Handlers = Readonly<Record<string, (payload: never) => unknown>>;

/** Called once at the top of a worker module: answers the calls of a WorkerPool. */
export function serve(handlers: Handlers): void {
  const { isMainThread, parentPort: port } = threads();
  if (isMainThread || !port) return;
  port.on("message", (request: Request) => {
    void (async () => {
      try {
        const handler = handlers[request.name] as ((payload: unknown) => unknown) | undefined;
        if (!handler) throw new Error(`no worker function ${request.name}`);
        port.postMessage({ id: request.id, ok: true, value: await handler(request.payload) } satisfies Reply);
      } catch (error) {
        port.postMessage({ id: request.id, ok: false, error: toSlipwayError(error).toJSON() } satisfies Reply);
      }
    })();
  });
}

interface Seat {
  readonly worker: WorkerThreads.Worker;
  readonly pending: Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>;
}

/** Worker threads that run one room's heavy synchronous work off the main thread. Threads start when first needed and never hold the process open. */
export class WorkerPool implements Disposable {
  readonly #entry: string;
  readonly #size: number;
  readonly #seats: Seat[] = [];
  #next = 0;

  /** @param entry as for entryPoint: `layer/worker`. */
  constructor(entry: string, size: number = availableParallelism()) {
    this.#entry = entry;
    this.#size = Math.max(1, size);
  }

  /** Runs one function in the least busy thread; rejects with the SlipwayError that it threw. */
  call<T>(name: string, payload: unknown): Promise<T> {
    const seat = this.#seat();
    const id = this.#next++;
    return new Promise<T>((resolve, reject) => {
      if (seat.pending.size === 0) seat.worker.ref();
      seat.pending.set(id, { resolve: resolve as (value: unknown) => void, reject });
      seat.worker.postMessage({ id, name, payload } satisfies Request);
    });
  }

  /** Starts all threads ahead of the first call: for who waits for something else until then. */
  start(): void {
    while (this.#seats.length < this.#size) this.#open();
  }

  /** Ends the threads that have nothing to do, and gives their memory back; the next call starts new ones. */
  rest(): void {
    for (const seat of this.#seats.filter(({ pending }) => pending.size === 0)) {
      this.#seats.splice(this.#seats.indexOf(seat), 1);
      void seat.worker.terminate();
    }
  }

  [Symbol.dispose](): void {
    for (const seat of this.#seats.splice(0)) void seat.worker.terminate();
  }

  #seat(): Seat {
    const idle = this.#seats.find((seat) => seat.pending.size === 0);
    if (idle) return idle;
    if (this.#seats.length < this.#size) return this.#open();
    return this.#seats.reduce((least, seat) => (seat.pending.size < least.pending.size ? seat : least));
  }

  #open(): Seat {
    const options = { resourceLimits: { maxYoungGenerationSizeMb: youngGeneration } };
    const worker = new (threads().Worker)(entryPoint(this.#entry), options);
    const seat: Seat = { worker, pending: new Map() };
    worker.on("message", (reply: Reply) => {
      const waiter = seat.pending.get(reply.id);
      seat.pending.delete(reply.id);
      if (seat.pending.size === 0) worker.unref();
      if (!waiter) return;
      if (reply.ok) waiter.resolve(reply.value);
      else waiter.reject(new SlipwayError(reply.error));
    });
    const fail = (error: Error): void => {
      const at = this.#seats.indexOf(seat);
      if (at >= 0) this.#seats.splice(at, 1);
      for (const waiter of seat.pending.values()) waiter.reject(toSlipwayError(error));
      seat.pending.clear();
    };
    worker.on("error", fail);
    worker.on("exit", (code) => fail(new Error(`a worker of ${this.#entry} ended with code ${code}`)));
    // After the listeners: one for messages holds the process again.
    worker.unref();
    this.#seats.push(seat);
    return seat;
  }
}
