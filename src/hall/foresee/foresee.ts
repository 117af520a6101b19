import type { BuildOptions } from "../api/api.ts";
import type { Foreseen, ResolvedGraph } from "../api/foresee-api.ts";

/** Loaded when asked for: a build needs none of it. */
const load = () => import("./foresee-build.ts");

/**
 * Tells what a build would do: what the cache answers, what runs and why, what depends on it, what is skipped and what is brought.
 * Nothing is run and the store is not changed; files of the build context are read as a build would read them.
 * Throws what a build throws before its first step.
 */
export async function foresee(options: BuildOptions): Promise<Foreseen> {
  return (await load()).foresee(options);
}

/** The graph that a build would solve, with its bases resolved as far as they are in the store. Throws as `foresee`. */
export async function graphOf(options: BuildOptions): Promise<ResolvedGraph> {
  return (await load()).graphOf(options);
}
