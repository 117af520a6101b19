import { WorkerPool } from "../base/index.ts";

/** Threads that checksum and copy; they see the mounts of the namespace that they were started in. */
export function openOpWorkers(): WorkerPool {
  return new WorkerPool("ops/worker");
}
