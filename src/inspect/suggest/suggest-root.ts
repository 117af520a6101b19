import { WorkerPool } from "../../base/index.ts";
import type { SuggestFacts, SuggestJob } from "./contract.ts";

/**
 * suggestFacts in a worker thread.
 * @param job.root a folder that this process sees; threads share its mount namespace when it was entered before they started.
 * Throws SLIP_USAGE.
 */
export async function suggestRoot(job: SuggestJob): Promise<SuggestFacts> {
  using pool = new WorkerPool("inspect/worker", { size: 1 });
  return await pool.call<SuggestFacts>("suggestFacts", job);
}
