import type { FileTree } from "../ops/index.ts";
import type { KeyedCache } from "../solve/index.ts";
import type { Store } from "../store/index.ts";

/** The store's cache records as the solver wants them. */
export function recordCache(store: Store): KeyedCache<FileTree> {
  return {
    get(key) {
      const record = store.records.get(key);
      return record && { identity: record.identity, result: { kind: "snapshot", id: record.snapshot } };
    },
    put(key, { identity, result }, description, replace) {
      if (result.kind !== "snapshot" || result.id === undefined) return { identity, result };
      const record = { key, identity, snapshot: result.id, created: Date.now(), description };
      const kept = store.records.put(record, { replace });
      return { identity: kept.identity, result: { kind: "snapshot", id: kept.snapshot } };
    },
    lock: (key, ctx) => store.lock(`step ${key}`, ctx.signal),
  };
}
