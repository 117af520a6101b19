import type { WorkerPool } from "../base/index.ts";
import type { ContextOp } from "../graph/index.ts";
import type { Executor } from "../sandbox/index.ts";
import type { Snapshotter } from "../snapshot/index.ts";
import type { SnapshotId, Store } from "../store/index.ts";

/** What a vertex gives: a committed file system (`undefined` is the empty one), or a folder of the client that is read when needed. */
export type FileTree =
  | { readonly kind: "snapshot"; readonly id: SnapshotId | undefined }
  | { readonly kind: "context"; readonly op: ContextOp };

/** What running needs beyond the store. */
export interface Machinery {
  readonly snapshotter: Snapshotter;
  /** Found, or brought, at the first RUN. */
  readonly executor: () => Promise<Executor>;
  /** Owners that the kernel refuses are left: one id in the user namespace. */
  readonly squashOwners: boolean;
  /** Threads of `ops/worker`. */
  readonly workers: WorkerPool;
}

/** Where a secret comes from; read when a step needs it. */
export type SecretSource = { readonly file: string } | { readonly env: string };

/** What the caller of a build lets its steps have, by id. Never part of a key. */
export interface GivenToSteps {
  readonly secrets: Readonly<Record<string, SecretSource>>;
  /** Sockets of ssh agents. */
  readonly ssh: Readonly<Record<string, string>>;
}

export interface OpRooms {
  readonly store: Store;
  readonly given?: GivenToSteps | undefined;
  /** Undefined when only the cache may be asked: then whatever would need it throws NeedsRun. */
  readonly machinery: Machinery | undefined;
}
