/** Floor 3: decides what of a graph must run, and runs it: keys, cache, scheduling. Knows no vertex kind. */
export type { CacheEntry, KeyedCache, Op, SolveOptions, SolveReport } from "./contract.ts";
export { InputsChanged, NeedsRun } from "./contract.ts";
export { solve } from "./solver.ts";
