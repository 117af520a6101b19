import type { Ctx, Digest } from "../base/index.ts";
import type { Vertex } from "../graph/index.ts";
import { type KeyedCache, NeedsRun, type Op } from "./contract.ts";

/** What a solve would do with a step or a source. */
export interface Forecast<R> {
  readonly vertex: Vertex;
  /**
   * `hit`: the cache answers, or nothing needs it. `run`: it has to run. `maybe`: its key follows from what steps before it will give.
   * `source`: at hand. `fetch`: a source that has to be brought first.
   */
  readonly status: "hit" | "run" | "maybe" | "source" | "fetch";
  /** It would not be looked for. */
  readonly forced: boolean;
  readonly identity: Digest | undefined;
  /** Those among its inputs that keep its key unknown, or, when it runs, that run too. */
  readonly waitsFor: readonly Vertex[];
  readonly op: Op<R>;
  readonly inputs: readonly (Digest | undefined)[];
}

export interface ForecastOptions<R> {
  readonly op: (vertex: Vertex) => Op<R>;
  readonly cache: Pick<KeyedCache<R>, "get" | "promised">;
  readonly noCache?: ((vertex: Vertex) => boolean) | undefined;
  /** Sources that are not there yet, or that may be other ones when they are asked for. */
  readonly unknown?: ((vertex: Vertex) => boolean) | undefined;
  /** Sources that are not there yet, of which all is known that keys need. */
  readonly away?: ((vertex: Vertex) => boolean) | undefined;
}

/** An identity, or what it waits for. */
type Identified = { readonly identity: Digest | undefined } | { readonly waitsFor: readonly Vertex[] };

/**
 * Tells what `solve` would do, without running a step: inputs before users. Content keys are computed where that takes no step's result
 * that is not there; one that throws NeedsRun counts as not known.
 */
export async function forecast<R>(
  roots: readonly Vertex[],
  vertices: readonly Vertex[],
  options: ForecastOptions<R>,
  ctx: Ctx,
): Promise<readonly Forecast<R>[]> {
  const forecaster = new Forecaster(options, ctx);
  for (const vertex of vertices) await forecaster.look(vertex);
  return forecaster.told(roots);
}

class Forecaster<R> {
  readonly #options: ForecastOptions<R>;
  readonly #ctx: Ctx;
  readonly #found = new Map<Digest, Forecast<R>>();
  readonly #identified = new Map<Digest, Identified>();
  /** Content-keyed vertices whose definition led to their identity: nothing of what they take is looked at. */
  readonly #spared = new Set<Digest>();
  readonly #fresh = new Set<Digest>();

  constructor(options: ForecastOptions<R>, ctx: Ctx) {
    this.#options = options;
    this.#ctx = ctx;
  }

  /** Inputs come first. */
  async look(vertex: Vertex): Promise<void> {
    const op = this.#options.op(vertex);
    const contents = op.contentInputs ?? [];
    const forced =
      op.role === "step" &&
      (this.#options.noCache?.(vertex) === true ||
        vertex.inputs.some(({ digest }, at) => !contents.includes(at) && this.#fresh.has(digest)));
    if (forced) this.#fresh.add(vertex.digest);
    const inputs = vertex.inputs.map(({ digest }) => this.#identityOf(digest));
    const known = await this.#identify(vertex, op, inputs);
    this.#identified.set(vertex.digest, known);
    const identity = "identity" in known ? known.identity : undefined;
    const runs = vertex.inputs.filter(({ digest }) => this.#found.get(digest)?.status === "run");
    const told = { vertex, forced, identity, op, inputs };
    if (op.role !== "step") {
      const { unknown, away } = this.#options;
      const status = unknown?.(vertex) || away?.(vertex) ? "fetch" : this.#worst(vertex);
      this.#found.set(vertex.digest, { ...told, status, waitsFor: runs });
    } else if (forced) this.#found.set(vertex.digest, { ...told, status: "run", waitsFor: runs });
    else if (identity !== undefined) {
      const status = this.#options.cache.get(identity) ? "hit" : "run";
      this.#found.set(vertex.digest, { ...told, status, waitsFor: status === "run" ? runs : [] });
    } else {
      const [base] = vertex.inputs;
      // On what no build has made yet, nothing has been made either.
      const status = base && this.#found.get(base.digest)?.status === "run" ? "run" : "maybe";
      const waitsFor = "waitsFor" in known ? known.waitsFor : [];
      this.#found.set(vertex.digest, { ...told, status, waitsFor: status === "run" ? runs : waitsFor });
    }
  }

  /** A source that is put together from steps is what they are. */
  #worst({ inputs }: Vertex): "run" | "maybe" | "source" {
    const found = new Set(inputs.map(({ digest }) => this.#found.get(digest)?.status));
    return found.has("run") ? "run" : found.has("maybe") ? "maybe" : "source";
  }

  /** What nothing needs counts as a hit, as in a build. */
  told(roots: readonly Vertex[]): readonly Forecast<R>[] {
    const needed = new Set<Digest>();
    const looked = new Set<Digest>();
    const resolve = (vertex: Vertex): void => {
      if (needed.has(vertex.digest)) return;
      needed.add(vertex.digest);
      identify(vertex);
      const { status, op } = this.#found.get(vertex.digest) as Forecast<R>;
      if (status === "run" || status === "maybe" || op.role === "source")
        for (const input of vertex.inputs) resolve(input);
    };
    const identify = (vertex: Vertex): void => {
      if (looked.has(vertex.digest)) return;
      looked.add(vertex.digest);
      const { op } = this.#found.get(vertex.digest) as Forecast<R>;
      for (const input of vertex.inputs) identify(input);
      if (!op.contentKey || this.#spared.has(vertex.digest)) return;
      for (const at of op.contentInputs ?? []) resolve(vertex.inputs[at] as Vertex);
    };
    for (const root of roots) resolve(root);
    return [...this.#found.values()].map((one) => {
      const spared = !needed.has(one.vertex.digest) && (one.status === "run" || one.status === "maybe");
      return spared ? { ...one, status: "hit", waitsFor: [] } : one;
    });
  }

  async #identify(vertex: Vertex, op: Op<R>, inputs: readonly (Digest | undefined)[]): Promise<Identified> {
    if (op.role === "volatile") return { identity: undefined };
    if (this.#options.unknown?.(vertex)) return { waitsFor: [vertex] };
    const contents = op.contentInputs ?? [];
    const waiting = vertex.inputs.flatMap(({ digest }, at) => {
      const input = this.#identified.get(digest) as Identified;
      return "waitsFor" in input ? [{ at, waitsFor: input.waitsFor }] : [];
    });
    const blocking = waiting.filter(({ at }) => !contents.includes(at));
    if (blocking.length > 0) return { waitsFor: unique(blocking.flatMap(({ waitsFor }) => waitsFor)) };
    if (!op.contentKey) return { identity: op.key(inputs) };

    const volatile = vertex.inputs.some((input) => this.#found.get(input.digest)?.op.role === "volatile");
    const fresh = contents.some((at) => this.#fresh.has((vertex.inputs[at] as Vertex).digest));
    if (waiting.length === 0 && !volatile && !fresh) {
      const definition = op.key(inputs);
      const entry = this.#options.cache.get(definition);
      if (entry) {
        this.#spared.add(vertex.digest);
        return { identity: entry.identity };
      }
      const promised = this.#options.cache.promised?.(definition);
      if (promised !== undefined) {
        // What it takes is looked at only if it has to run: then it is needed as one that runs is.
        this.#spared.add(vertex.digest);
        return { identity: promised };
      }
    }
    return this.#contentIdentity(vertex, op, inputs);
  }

  async #contentIdentity(vertex: Vertex, op: Op<R>, inputs: readonly (Digest | undefined)[]): Promise<Identified> {
    const results = new Map<number, R>();
    const waitsFor: Vertex[] = [];
    for (const at of op.contentInputs ?? []) {
      const input = vertex.inputs[at] as Vertex;
      const result = await known(() => this.#resultOf(input));
      if (result === undefined) waitsFor.push(input);
      else results.set(at, result);
    }
    if (waitsFor.length > 0) return { waitsFor };
    const identity = await known(async () => op.contentKey?.(inputs, results, this.#ctx));
    if (identity !== undefined) return { identity };
    return { waitsFor: (op.contentInputs ?? []).map((at) => vertex.inputs[at] as Vertex) };
  }

  async #resultOf(vertex: Vertex): Promise<R | undefined> {
    const { op, status, identity } = this.#found.get(vertex.digest) as Forecast<R>;
    // What is put together from steps is not at hand: that would take a row in the store.
    if (status === "source" && vertex.inputs.length === 0) return op.run([], this.#ctx);
    return status === "hit" && identity !== undefined ? this.#options.cache.get(identity)?.result : undefined;
  }

  #identityOf(digest: Digest): Digest | undefined {
    const known = this.#identified.get(digest);
    return known && "identity" in known ? known.identity : undefined;
  }
}

/** Undefined for what nothing short of a build can tell. */
async function known<T>(action: () => Promise<T>): Promise<T | undefined> {
  try {
    return await action();
  } catch (error) {
    if (error instanceof NeedsRun) return undefined;
    throw error;
  }
}

function unique<T>(items: readonly T[]): readonly T[] {
  return [...new Set(items)];
}
