/** Floor 3: decides what of a graph must run, and runs it: keys, cache, scheduling. Knows no vertex kind. */
export type { CacheEntry, KeyedCache, Miss, Op, SolveOptions, SolveReport } from "./contract.ts";
export { InputsChanged, NeedsRun } from "./contract.ts";
export { compareParts, distance } from "./compare-parts.ts";
export { type FileEntry, fileList } from "./file-list.ts";
export { type Forecast, forecast, type ForecastOptions } from "./forecast.ts";
export {
  type FileList,
  type Hidden,
  hiddenValue,
  isKeyParts,
  type KeyParts,
  type MissCause,
  withoutValues,
} from "./key-parts.ts";
export { solve } from "./solver.ts";
