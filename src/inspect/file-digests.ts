import { cancellable, type CancelFlag, WorkerPool } from "../base/index.ts";

/** A regular file of a root. */
export interface FileDigest {
  /** Without a slash in front. */
  readonly path: string;
  /** Hexadecimal digits. */
  readonly sha256: string;
}

export interface FileDigestsJob {
  readonly root: string;
  readonly cancel: CancelFlag | undefined;
}

/**
 * Digests of all regular files of a root, sorted by path; computed in a worker thread. What cannot be read is left out.
 * Throws SLIP_CANCELLED.
 */
export async function listDigests(root: string, signal: AbortSignal): Promise<readonly FileDigest[]> {
  using pool = new WorkerPool("inspect/worker", { size: 1 });
  return await cancellable(signal, (cancel) =>
    pool.call<readonly FileDigest[]>("fileDigests", { root, cancel } satisfies FileDigestsJob),
  );
}
