import { type BuildEvent, type Ctx, type Digest, digestOf } from "../base/index.ts";
import { type OpSpec, type Vertex, vertex } from "../graph/index.ts";
import { type CacheEntry, type KeyedCache, type Op, solve, type SolveOptions } from "./index.ts";

/** A vertex whose name is all that its operation is. */
export function node(name: string, ...inputs: readonly Vertex[]): Vertex {
  const op: OpSpec = { kind: "context", name, path: "/", ignore: [] };
  return vertex(op, inputs, { text: name });
}

export const nameOf = (v: Vertex): string => v.origin.text;

/** How a step behaves. */
export interface Fake {
  /** `volatile` gives content under no key; `copy` is keyed by the content of its last input. */
  readonly kind?: "step" | "volatile" | "copy" | "source";
  readonly run?: (inputs: readonly string[], ctx: Ctx) => Promise<string>;
}

export const copyKind: Fake = { kind: "copy" };

/** Steps that are fakes, over a cache in memory; it counts what runs. */
export class World {
  readonly runs: string[] = [];
  readonly records = new Map<Digest, CacheEntry<string>>();
  readonly events: BuildEvent[] = [];
  readonly fakes: Record<string, Fake>;
  running = 0;
  most = 0;

  constructor(fakes: Record<string, Fake> = {}) {
    this.fakes = fakes;
  }

  readonly cache: KeyedCache<string> = {
    get: (key) => this.records.get(key),
    put: (key, entry, _description, replace) => {
      const known = this.records.get(key);
      if (known && !replace) return known;
      this.records.set(key, entry);
      return entry;
    },
  };

  #op(v: Vertex): Op<string> {
    const name = nameOf(v);
    const { kind = "step", run = async (inputs: readonly string[]) => `${name}(${inputs.join()})` } =
      this.fakes[name] ?? {};
    const last = v.inputs.length - 1;
    const key = (inputs: readonly (Digest | undefined)[]): Digest => digestOf({ name, inputs });
    const op: Op<string> = {
      role: kind === "copy" ? "step" : kind,
      key,
      run: async (inputs, ctx) => {
        this.runs.push(name);
        this.most = Math.max(this.most, ++this.running);
        try {
          return await run(inputs, ctx);
        } finally {
          this.running--;
        }
      },
    };
    if (kind !== "copy") return op;
    return {
      ...op,
      contentInputs: [last],
      contentKey: async (inputs, results) =>
        digestOf({ name, base: inputs.slice(0, last), content: results.get(last) }),
    };
  }

  async solve(root: Vertex, options: Partial<SolveOptions<string>> = {}, signal = new AbortController().signal) {
    this.runs.length = 0;
    this.events.length = 0;
    const ctx: Ctx = { signal, emit: (event) => this.events.push(event) };
    return solve(root, { op: (v) => this.#op(v), cache: this.cache, jobs: 4, ...options }, ctx);
  }

  ids(type: BuildEvent["type"], vertices: readonly Vertex[]): readonly string[] {
    return this.events.flatMap((event) => {
      const known =
        "id" in event && event.type === type ? vertices.find(({ digest }) => digest === event.id) : undefined;
      return known ? [nameOf(known)] : [];
    });
  }
}
