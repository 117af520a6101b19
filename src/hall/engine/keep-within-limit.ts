import { openStore } from "../../store/index.ts";
import { readStorageLimit } from "../config/storage-config.ts";
import { callEngine } from "./call-engine.ts";
import type { EngineCall } from "./engine-client.ts";

/**
 * For jobs that no engine did: they write next to nothing, but the limit may be a new one. A query unless there is something to evict.
 * @throws SLIP_CONFIG
 */
export async function keepWithinLimit(root: string | undefined, call: EngineCall): Promise<void> {
  const limit = readStorageLimit();
  if (!limit) return;
  const over = (() => {
    using store = openStore(root);
    return store.isOver(limit);
  })();
  if (over) await callEngine("keep", { store: root }, call);
}
