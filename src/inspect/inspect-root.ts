import { WorkerPool } from "../base/index.ts";
import type { TreeInspection } from "./contract.ts";

/**
 * inspectTree in a worker thread, so that progress and signals live on meanwhile.
 * @param root a folder that this process sees; threads share its mount namespace when it was entered before they started.
 */
export async function inspectRoot(root: string): Promise<TreeInspection> {
  using pool = new WorkerPool("inspect/worker", { size: 1 });
  return await pool.call<TreeInspection>("inspectTree", root);
}
