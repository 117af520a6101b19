import type { FoundSoftware } from "../attest/index.ts";
import { cancellable, WorkerPool } from "../base/index.ts";
import type { FindPackagesJob } from "./packages/find-packages.ts";

/**
 * Every package of an image, found in a worker thread: what its distribution's databases list, and what programs and packages of languages carry.
 * @param job.root a folder that this process sees; threads share its mount namespace when it was entered before they started.
 * Throws SLIP_CANCELLED.
 */
export async function findSoftware(job: Omit<FindPackagesJob, "cancel">, signal: AbortSignal): Promise<FoundSoftware> {
  using pool = new WorkerPool("inspect/worker", { size: 1 });
  return await cancellable(signal, (cancel) => pool.call<FoundSoftware>("findPackages", { ...job, cancel }));
}
