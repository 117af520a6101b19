import { WorkerPool } from "../../base/index.ts";
import type { AuditJob, AuditReport } from "./contract.ts";

/**
 * auditTree in a worker thread.
 * @param job.root a folder that this process sees; threads share its mount namespace when it was entered before they started.
 */
export async function auditRoot(job: AuditJob): Promise<AuditReport> {
  using pool = new WorkerPool("inspect/worker", { size: 1 });
  return await pool.call<AuditReport>("auditTree", job);
}
