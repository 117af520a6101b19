import type { Ctx, Digest } from "../base/index.ts";
import type { Vertex } from "../graph/index.ts";
import type { KeyParts } from "./key-parts.ts";

/** How one vertex is keyed and run. */
export interface Op<R> {
  /**
   * `step`: counted, cached, limited by `jobs`.
   * `source`: made in no time from what is at hand (a base image's snapshot, the empty file system): keyed, never recorded, told as cached.
   * `volatile`: what it gives can change under the same definition (a local folder): it has no identity, and its users key on the content they take.
   */
  readonly role: "step" | "source" | "volatile";
  /** The definition key from the identities of all inputs. Never called when an input is volatile and the op has a content key. */
  key(inputs: readonly (Digest | undefined)[]): Digest;
  /** Inputs whose results the content key reads; the others count by identity. */
  readonly contentInputs?: readonly number[] | undefined;
  /** The key that covers what is really taken from the content inputs; asked for only when the definition key missed. */
  contentKey?(inputs: readonly (Digest | undefined)[], results: ReadonlyMap<number, R>, ctx: Ctx): Promise<Digest>;
  /** What the key was made of, for people; asked for when a step misses, after its key is known. */
  parts?(inputs: readonly (Digest | undefined)[]): KeyParts;
  run(inputs: readonly R[], ctx: Ctx): Promise<R>;
}

/** A step that the cache has no answer for. */
export interface Miss<R> {
  readonly vertex: Vertex;
  readonly identity: Digest;
  /** It was not looked for. */
  readonly forced: boolean;
  readonly op: Op<R>;
  /** Identities of the vertex's inputs. */
  readonly inputs: readonly (Digest | undefined)[];
}

export interface CacheEntry<R> {
  /** The key that users of the result build on. */
  readonly identity: Digest;
  readonly result: R;
}

/** What earlier builds left, by key. */
export interface KeyedCache<R> {
  get(key: Digest): CacheEntry<R> | undefined;
  /** Records a result; gives the one to go on with, which is another build's when that was first (unless `replace`). */
  put(key: Digest, entry: CacheEntry<R>, description: string, replace: boolean): CacheEntry<R>;
  /**
   * The identity that a definition led to elsewhere. Its result need not be there: it is believed for as long as nothing has to run for it,
   * and then held against the content.
   */
  promised?(definition: Digest): Digest | undefined;
  /** Where the record of a key came from, for people; undefined for what was made here. */
  source?(key: Digest): string | undefined;
  /** Keeps other builds from running the same key at the same time; undefined where that is not needed. */
  lock?(key: Digest, ctx: Ctx): Promise<AsyncDisposable>;
}

export interface SolveOptions<R> {
  readonly op: (vertex: Vertex) => Op<R>;
  readonly cache: KeyedCache<R>;
  /** Steps that run at once. */
  readonly jobs: number;
  /** Vertices that are wanted as well: `peek` gives their results. */
  readonly also?: readonly Vertex[] | undefined;
  /** Steps whose keys are not looked up; their results replace what was recorded. */
  readonly noCache?: ((vertex: Vertex) => boolean) | undefined;
  /**
   * Keys that this build has recorded, to which the solve adds its own: what was made a moment ago is found even without the cache, when
   * the same build is solved again.
   */
  readonly made?: Set<Digest> | undefined;
  /** Throw NeedsRun instead of running a step. */
  readonly lookupOnly?: boolean | undefined;
  /** True for a failure after which the caller solves again, without what made it: it is not told as one. */
  readonly solvedAgain?: ((error: unknown) => boolean) | undefined;
  /** A step has to run, and is about to. */
  readonly onMiss?: ((miss: Miss<R>) => void) | undefined;
  /** A step's result is there: called once for each, hit or run. */
  readonly onResult?: ((vertex: Vertex, result: R) => void) | undefined;
}

export interface SolveReport<R> {
  readonly result: R;
  readonly ran: ReadonlySet<Digest>;
  readonly cached: ReadonlySet<Digest>;
  /** A vertex's result as far as it is known: made or found in this solve, or recorded under the identity that it has. */
  peek(vertex: Vertex): R | undefined;
  /** The key that users of the vertex build on, as far as somebody asked for it; undefined for a volatile one. */
  identityOf(vertex: Vertex): Digest | undefined;
}

/**
 * What a key was made of is no longer what the run took: keys of this solve that build on it are wrong, and nothing was recorded
 * under them. A new solve takes the inputs as they are then.
 */
export class InputsChanged extends Error {
  override readonly name = "InputsChanged";
}

/** The cache alone cannot answer: thrown in lookup-only mode. */
export class NeedsRun extends Error {
  override readonly name = "NeedsRun";

  constructor() {
    super("a step has to run");
  }
}
