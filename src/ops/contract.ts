import type { Ctx, Digest, WorkerPool } from "../base/index.ts";
import type { ContextOp } from "../graph/index.ts";
import type { Executor } from "../sandbox/index.ts";
import type { Snapshotter } from "../snapshot/index.ts";
import type { FileList } from "../solve/index.ts";
import type { SnapshotId, Store } from "../store/index.ts";
import type { Answers } from "./remote/answers.ts";

/**
 * What a vertex gives: a committed file system (`undefined` is the empty one), or a folder of the client that is read when needed.
 * `fetched` is set for a file system of one layer that came from elsewhere: what messages call it.
 */
export type FileTree =
  | { readonly kind: "snapshot"; readonly id: SnapshotId | undefined; readonly fetched?: string | undefined }
  | { readonly kind: "context"; readonly op: ContextOp };

/** What running needs beyond the store. */
export interface Machinery {
  readonly snapshotter: Snapshotter;
  /** Found, or brought, at the first RUN. */
  readonly executor: () => Promise<Executor>;
  /** Owners that the kernel refuses are left: one id in the user namespace. */
  readonly squashOwners: boolean;
  /** Undefined where the store has no limit. */
  readonly guard?: SpaceGuard | undefined;
  /** Threads of `ops/worker`. */
  readonly workers: WorkerPool;
}

/** Ends a step that makes the store larger than it may be. */
export interface SpaceGuard {
  /**
   * Watches a step for as long as it runs.
   * @param name as the Dockerfile has it
   * @param folders of the store that it writes to
   */
  watch(name: string, folders: readonly string[]): GuardedStep;
}

/** A step that is watched until this is disposed of. */
export interface GuardedStep extends Disposable {
  /** Aborts when the step has to end; its reason is the error to throw. */
  readonly signal: AbortSignal;
}

/** Where a secret comes from; read when a step needs it. */
export type SecretSource = { readonly file: string } | { readonly env: string };

/** What the caller of a build lets its steps have, by id. Never part of a key. */
export interface GivenToSteps {
  readonly secrets: Readonly<Record<string, SecretSource>>;
  /** The socket of an ssh agent, or files with private keys. */
  readonly ssh: Readonly<Record<string, string | readonly string[]>>;
}

export interface OpRooms {
  readonly store: Store;
  /** What servers have said in this build. */
  readonly answers?: Answers | undefined;
  readonly given?: GivenToSteps | undefined;
  /** Undefined when only the cache may be asked: then whatever would need it throws NeedsRun. */
  readonly machinery: Machinery | undefined;
  /** Without machinery: keys alone are asked for, at whatever reading of contexts that takes, and nothing is written. */
  readonly planning?: boolean | undefined;
  /** Gathers what each vertex takes, for telling why it has to run. By the vertex's digest, then by where from. */
  readonly lists?: Map<Digest, Readonly<Record<string, FileList>>> | undefined;
  /**
   * What a cache from elsewhere has for a cache mount that is not in the store, by the mount's key: fills an empty folder, or gives false when it
   * could not. The step is the one whose progress it is.
   */
  readonly carriedMount?:
    | ((key: Digest) => ((folder: string, step: Digest, ctx: Ctx) => Promise<boolean>) | undefined)
    | undefined;
  /** The top snapshots of the build's base images: they stay in the store while it lasts, whatever becomes of the images. */
  readonly bases?: ReadonlyMap<Digest, HeldBase> | undefined;
}

/** A base image as it was when the build was planned. */
export interface HeldBase {
  readonly diffIds: readonly string[];
  readonly top: SnapshotId | undefined;
}
