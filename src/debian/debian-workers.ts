import { WorkerPool } from "../base/index.ts";

let workers: WorkerPool | undefined;

/** The threads that do this room's heavy work. */
export function debianWorkers(): WorkerPool {
  return (workers ??= new WorkerPool("debian/worker"));
}
