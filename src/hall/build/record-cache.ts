import type { FileTree } from "../../ops/index.ts";
import type { KeyedCache } from "../../solve/index.ts";
import type { Store } from "../../store/index.ts";
import type { Explainer } from "./explain.ts";

/**
 * The store's cache records as the solver wants them.
 * @param explainer gives what is kept to tell later misses by.
 */
export function recordCache(store: Store, explainer: Pick<Explainer, "noteOf"> | undefined): KeyedCache<FileTree> {
  return {
    get(key) {
      const record = store.records.get(key);
      return record && { identity: record.identity, result: { kind: "snapshot", id: record.snapshot } };
    },
    put(key, { identity, result }, description, replace) {
      if (result.kind !== "snapshot" || result.id === undefined) return { identity, result };
      const record = { key, identity, snapshot: result.id, created: Date.now(), description };
      const note = key === identity ? explainer?.noteOf(identity) : undefined;
      const kept = store.records.put(record, { replace, note });
      return { identity: kept.identity, result: { kind: "snapshot", id: kept.snapshot } };
    },
    promised: (definition) => store.travelled.promised(definition),
    source: (key) => store.travelled.sourceOf(key),
    lock: (key, ctx) => store.lock(`step ${key}`, ctx.signal),
  };
}
