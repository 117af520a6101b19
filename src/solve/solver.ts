import { type Ctx, type Digest, Limiter, SlipwayError, toSlipwayError } from "../base/index.ts";
import type { Vertex } from "../graph/index.ts";
import { type CacheEntry, InputsChanged, NeedsRun, type Op, type SolveOptions, type SolveReport } from "./contract.ts";

/** What was promised for a definition is not what its content gives: keys of this solve that build on it are wrong. */
class BrokenPromise extends Error {
  readonly definition: Digest;

  constructor(definition: Digest) {
    super("a cache from elsewhere promised another result");
    this.definition = definition;
  }
}

/**
 * Makes the result of a vertex, doing as little as the cache allows.
 *
 * A vertex is first identified, then resolved. Its identity is its definition key (operation and inputs' identities), or, for an
 * operation with a content key, the key of what it really takes from its inputs. A definition record leads from the first to the
 * second, so a hit needs none of the inputs' results: whole stages are never looked at.
 * An identity that another machine's cache promises for a definition counts until something has to run for it; where the content then gives
 * another, all is solved again without that promise, and what has been made meanwhile is found.
 * The first failure cancels all that still runs, and is what is thrown.
 */
export async function solve<R>(root: Vertex, options: SolveOptions<R>, ctx: Ctx): Promise<SolveReport<R>> {
  const ran = new Set<Digest>();
  const broken = new Set<Digest>();
  const made = options.made ?? new Set<Digest>();
  for (;;) {
    try {
      return await new Solver({ ...options, made }, ctx, ran, broken).solve(root);
    } catch (error) {
      if (!(error instanceof BrokenPromise) || broken.has(error.definition)) throw error;
      broken.add(error.definition);
    }
  }
}

class Solver<R> {
  readonly #options: SolveOptions<R>;
  readonly #ctx: Ctx;
  readonly #limiter: Limiter;
  readonly #failed = new AbortController();
  /** What ended the solve first; later errors are its consequences. */
  #failure: unknown;
  readonly #ops = new Map<Digest, Op<R>>();
  readonly #identities = new Map<Digest, Promise<Digest | undefined>>();
  readonly #results = new Map<Digest, Promise<R>>();
  /** Entries found while identifying, so that resolving does not look twice. */
  readonly #found = new Map<Digest, CacheEntry<R>>();
  readonly #identified = new Map<Digest, Digest | undefined>();
  readonly #known = new Map<Digest, R>();
  #running = 0;
  /** Called whenever something begins to run. */
  readonly #onRun = new Set<() => void>();
  readonly #ran: Set<Digest>;
  /** Definitions whose promises were broken. */
  readonly #broken: ReadonlySet<Digest>;
  /** Definitions whose identities were promised and are believed, by vertex. */
  readonly #promised = new Map<Digest, Digest>();
  readonly #cached = new Set<Digest>();
  /** Steps and sources that were reported as cached. */
  readonly #told = new Set<Digest>();
  /** Keys that were recorded here, or by an earlier solve of the same build. */
  readonly #made: Set<Digest>;
  /** Vertices whose results are made anew although their definition is the same. */
  readonly #fresh = new Map<Digest, boolean>();

  constructor(options: SolveOptions<R>, ctx: Ctx, ran: Set<Digest>, broken: ReadonlySet<Digest>) {
    this.#options = options;
    this.#ran = ran;
    this.#broken = broken;
    this.#ctx = { ...ctx, signal: AbortSignal.any([ctx.signal, this.#failed.signal]) };
    this.#limiter = new Limiter(options.jobs);
    this.#made = options.made ?? new Set();
  }

  async solve(root: Vertex): Promise<SolveReport<R>> {
    try {
      const { also = [] } = this.#options;
      const [result] = await Promise.all([root, ...also].map((vertex) => this.#resolve(vertex)));
      return {
        result: result as R,
        ran: this.#ran,
        cached: this.#cached,
        peek: (vertex) => this.#peek(vertex),
        identityOf: ({ digest }) => this.#identified.get(digest),
      };
    } catch (error) {
      this.#failed.abort();
      // What was thrown first may be a cancelled sibling's error.
      const failure = this.#failure ?? error;
      // Steps that still run hold mounts and processes: they must have ended before the caller goes on.
      await Promise.allSettled([...this.#results.values(), ...this.#identities.values()]);
      throw failure;
    }
  }

  /** The key that users of the vertex build on; undefined for a volatile one. */
  #identify(vertex: Vertex): Promise<Digest | undefined> {
    return memo(this.#identities, vertex.digest, async () => {
      const identity = await this.#findIdentity(vertex);
      this.#identified.set(vertex.digest, identity);
      return identity;
    });
  }

  async #findIdentity(vertex: Vertex): Promise<Digest | undefined> {
    const op = this.#op(vertex);
    if (op.role === "volatile") return undefined;
    const identities = Promise.all(vertex.inputs.map((input) => this.#identify(input)));
    if (!op.contentKey) return op.key(await identities);

    const inputs = await this.#meanwhile(vertex, op, identities);
    const volatile = inputs.includes(undefined);
    const definition = volatile ? undefined : op.key(inputs);
    if (definition !== undefined) {
      const fresh = this.#readsFresh(vertex, op);
      const entry = fresh ? undefined : this.#lookUp(vertex, definition);
      if (entry) {
        this.#found.set(vertex.digest, entry);
        return entry.identity;
      }
      const promised = fresh || this.#broken.has(definition) ? undefined : this.#options.cache.promised?.(definition);
      if (promised !== undefined && !this.#isFresh(vertex)) {
        this.#promised.set(vertex.digest, definition);
        return promised;
      }
    }
    return this.#contentIdentity(vertex, op, inputs);
  }

  async #contentIdentity(vertex: Vertex, op: Op<R>, inputs: readonly (Digest | undefined)[]): Promise<Digest> {
    const wanted = op.contentInputs ?? [];
    const results = new Map(
      await Promise.all(wanted.map(async (at) => [at, await this.#resolve(vertex.inputs[at] as Vertex)] as const)),
    );
    try {
      return (await op.contentKey?.(inputs, results, this.#ctx)) as Digest;
    } catch (error) {
      throw this.#fail(vertex, error, 0);
    }
  }

  /**
   * Awaits the identities of a content-keyed vertex's inputs. When a step has to run for one of them, the results that the content key
   * will read are started at once: stages that a file's COPYs name one after the other then run side by side.
   */
  async #meanwhile<V>(vertex: Vertex, op: Op<R>, identities: Promise<V>): Promise<V> {
    const start = (): void => {
      const seen = new Set<Digest>();
      if (!this.#onRun.has(start) || !vertex.inputs.some((input) => this.#waitsForRun(input, seen))) return;
      this.#onRun.delete(start);
      // Whoever needs the result awaits it; a failure has ended the solve by then.
      for (const at of op.contentInputs ?? []) this.#resolve(vertex.inputs[at] as Vertex).catch(() => undefined);
    };
    this.#onRun.add(start);
    // What runs already is told to nobody again; by then the inputs have got as far as they can.
    if (this.#running > 0) setImmediate(start);
    try {
      return await identities;
    } finally {
      this.#onRun.delete(start);
    }
  }

  /** Whether a vertex's identity follows from a result that is not there yet; what is only being read and hashed does not count. */
  #waitsForRun({ digest, inputs }: Vertex, seen: Set<Digest>): boolean {
    if (this.#identified.has(digest) || seen.has(digest)) return false;
    seen.add(digest);
    if (inputs.some((input) => this.#waitsForRun(input, seen))) return true;
    const op = this.#ops.get(digest);
    if (!op?.contentKey || inputs.some((input) => !this.#identified.has(input.digest))) return false;
    return (op.contentInputs ?? []).some((at) => {
      const input = inputs[at] as Vertex;
      return this.#op(input).role === "step" && !this.#known.has(input.digest);
    });
  }

  #resolve(vertex: Vertex): Promise<R> {
    return memo(this.#results, vertex.digest, async () => {
      const result = await this.#makeResult(vertex);
      this.#known.set(vertex.digest, result);
      this.#options.onResult?.(vertex, result);
      return result;
    });
  }

  async #makeResult(vertex: Vertex): Promise<R> {
    const op = this.#op(vertex);
    if (op.role !== "step") {
      const results = await Promise.all(vertex.inputs.map((input) => this.#resolve(input)));
      return op.role === "source" ? this.#take(vertex, op, results) : this.#run(vertex, op, results);
    }
    const identity = (await this.#identify(vertex)) as Digest;
    const hit = this.#found.get(vertex.digest) ?? this.#lookUp(vertex, identity);
    if (hit) return this.#hit(vertex, op, identity, hit);
    if (this.#options.lookupOnly) throw new NeedsRun();

    const inputs = await Promise.all(vertex.inputs.map((input) => this.#resolve(input)));
    await this.#checkPromise(vertex, op, identity);
    return this.#limiter.run(async () => {
      await using _lock = await this.#options.cache.lock?.(identity, this.#ctx);
      const other = this.#lookUp(vertex, identity);
      if (other) return await this.#hit(vertex, op, identity, other);
      const keys = await Promise.all(vertex.inputs.map((input) => this.#identify(input)));
      const result = await this.#run(vertex, op, inputs, () =>
        this.#options.onMiss?.({ vertex, identity, forced: this.#isFresh(vertex), op, inputs: keys }),
      );
      this.#ran.add(vertex.digest);
      const replace = this.#isFresh(vertex);
      const entry = this.#options.cache.put(identity, { identity, result }, vertex.origin.text, replace);
      this.#made.add(identity);
      await this.#recordDefinition(vertex, op, entry);
      return entry.result;
    });
  }

  /** A step runs whose identity was only promised: what it takes must have that identity, or its record would lie. */
  async #checkPromise(vertex: Vertex, op: Op<R>, identity: Digest): Promise<void> {
    const definition = this.#promised.get(vertex.digest);
    if (definition === undefined) return;
    const keys = await Promise.all(vertex.inputs.map((input) => this.#identify(input)));
    const actual = await this.#contentIdentity(vertex, op, keys);
    if (actual !== identity) throw this.#fail(vertex, new BrokenPromise(definition), 0);
  }

  async #hit(vertex: Vertex, op: Op<R>, identity: Digest, entry: CacheEntry<R>): Promise<R> {
    this.#reportCached(vertex);
    if (!this.#found.has(vertex.digest)) await this.#recordDefinition(vertex, op, { ...entry, identity });
    return entry.result;
  }

  /** Leads the definition key of a content-keyed vertex to its identity. */
  async #recordDefinition(vertex: Vertex, op: Op<R>, entry: CacheEntry<R>): Promise<void> {
    if (!op.contentKey) return;
    const inputs = await Promise.all(vertex.inputs.map((input) => this.#identify(input)));
    if (inputs.includes(undefined)) return;
    const key = op.key(inputs);
    this.#options.cache.put(key, entry, vertex.origin.text, true);
    if (this.#made.has(entry.identity)) this.#made.add(key);
  }

  /** A source is at hand: that is a hit. */
  async #take(vertex: Vertex, op: Op<R>, inputs: readonly R[]): Promise<R> {
    try {
      const result = await op.run(inputs, this.#ctx);
      this.#reportCached(vertex);
      return result;
    } catch (error) {
      throw this.#fail(vertex, error, 0);
    }
  }

  /** @param onStart called when the step has been told as started. */
  async #run(vertex: Vertex, op: Op<R>, inputs: readonly R[], onStart?: () => void): Promise<R> {
    const started = Date.now();
    this.#ctx.signal.throwIfAborted();
    this.#ctx.emit({ type: "step-start", id: vertex.digest, time: started });
    onStart?.();
    this.#running++;
    for (const start of this.#onRun) start();
    try {
      const result = await op.run(inputs, this.#ctx);
      this.#ctx.emit({ type: "step-done", id: vertex.digest, duration: Date.now() - started });
      return result;
    } catch (error) {
      throw this.#fail(vertex, error, Date.now() - started);
    } finally {
      this.#running--;
    }
  }

  /** Reports a failed step once and cancels the others; what was only cancelled is not reported as failed. */
  #fail(vertex: Vertex, error: unknown, duration: number): unknown {
    if (error instanceof NeedsRun) return error;
    const again = error instanceof InputsChanged || error instanceof BrokenPromise;
    if (!this.#ctx.signal.aborted && (again || this.#options.solvedAgain?.(error))) {
      this.#ctx.emit({ type: "step-cancelled", id: vertex.digest });
      this.#failure = error;
      this.#failed.abort();
      return error;
    }
    const failure = toSlipwayError(error).at(vertex.origin.location);
    if (this.#ctx.signal.aborted) {
      this.#ctx.emit({ type: "step-cancelled", id: vertex.digest });
      return this.#failed.signal.aborted
        ? failure
        : new SlipwayError({ code: "SLIP_CANCELLED", message: "Cancelled", cause: error });
    }
    this.#ctx.emit({ type: "step-failed", id: vertex.digest, duration, error: failure.toJSON() });
    this.#failure = failure;
    this.#failed.abort();
    return failure;
  }

  #peek({ digest }: Vertex): R | undefined {
    const known = this.#known.get(digest);
    if (known !== undefined) return known;
    const identity = this.#identified.get(digest);
    return identity === undefined ? undefined : this.#options.cache.get(identity)?.result;
  }

  #lookUp(vertex: Vertex, key: Digest): CacheEntry<R> | undefined {
    if (this.#isFresh(vertex) && !this.#made.has(key)) return undefined;
    return this.#options.cache.get(key);
  }

  /**
   * True for a step that is not looked up, and for one that stands on such a step: a record of it would stand on what that step gave
   * before.
   */
  #isFresh(vertex: Vertex): boolean {
    if (!this.#options.noCache) return false;
    const known = this.#fresh.get(vertex.digest);
    if (known !== undefined) return known;
    const contents = this.#op(vertex).contentInputs ?? [];
    const fresh =
      this.#options.noCache(vertex) ||
      vertex.inputs.some((input, at) => !contents.includes(at) && this.#isFresh(input));
    this.#fresh.set(vertex.digest, fresh);
    return fresh;
  }

  /** Whether a vertex takes content that is made anew: then only that content tells what the vertex gives. */
  #readsFresh(vertex: Vertex, op: Op<R>): boolean {
    return (op.contentInputs ?? []).some((at) => this.#isFresh(vertex.inputs[at] as Vertex));
  }

  /** A hit stands for everything below it: inputs that nobody else looked at count as cached too, and are told first. */
  #reportCached(vertex: Vertex): void {
    const pending = [{ vertex, inputsDone: false }];
    for (let next = pending.pop(); next; next = pending.pop()) {
      const { digest, inputs } = next.vertex;
      if (next.inputsDone) {
        const identity = this.#identified.get(digest);
        const from = identity === undefined ? undefined : this.#options.cache.source?.(identity);
        this.#ctx.emit({ type: "step-cached", id: digest, ...(from !== undefined && { from }) });
        continue;
      }
      if (this.#told.has(digest) || this.#ran.has(digest)) continue;
      const { role } = this.#op(next.vertex);
      if (role === "volatile") continue;
      this.#told.add(digest);
      if (role === "step") this.#cached.add(digest);
      pending.push({ vertex: next.vertex, inputsDone: true });
      for (const input of inputs.toReversed()) {
        if (!this.#results.has(input.digest)) pending.push({ vertex: input, inputsDone: false });
      }
    }
  }

  #op(vertex: Vertex): Op<R> {
    let op = this.#ops.get(vertex.digest);
    if (!op) this.#ops.set(vertex.digest, (op = this.#options.op(vertex)));
    return op;
  }
}

function memo<V>(map: Map<Digest, Promise<V>>, key: Digest, make: () => Promise<V>): Promise<V> {
  let value = map.get(key);
  if (!value) map.set(key, (value = make()));
  return value;
}
