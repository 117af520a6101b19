import { WorkerPool } from "../base/index.ts";

/** A regular file of a root. */
export interface FileDigest {
  /** Without a slash in front. */
  readonly path: string;
  /** Hexadecimal digits. */
  readonly sha256: string;
}

/** Digests of all regular files of a root, sorted by path; computed in a worker thread. What cannot be read is left out. */
export async function listDigests(root: string): Promise<readonly FileDigest[]> {
  using pool = new WorkerPool("inspect/worker", 1);
  return await pool.call<readonly FileDigest[]>("fileDigests", root);
}
