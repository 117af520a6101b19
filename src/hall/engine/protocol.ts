import type { BuildEvent, SlipwayErrorInit } from "../../base/index.ts";
import type {
  BuildOptions,
  BuildResult,
  ImageInspection,
  PruneOptions,
  PruneResult,
  Pulled,
  PullOptions,
  Pushed,
  PushOptions,
  RunOptions,
  SaveOptions,
} from "../api/api.ts";
import type { BaseLock } from "../../debian/index.ts";
import type { SuggestFacts } from "../../inspect/index.ts";
import type { BuildBaseOptions, BuiltBase } from "../api/base-api.ts";
import type { LockBaseOptions } from "../api/base-lock-api.ts";
import type { Sbom, SbomOptions } from "../api/attest-api.ts";
import type { Loaded, LoadOptions } from "../api/load-api.ts";
import type { ShellOptions } from "../api/shell-api.ts";
import type { BuildInput, InputOptions } from "../input/build-input.ts";
import type { LockAnswer, LockJob } from "../lock/lock-in-engine.ts";
import type { ReadLock } from "../lock/lock-place.ts";
import type { SpooledInput } from "../input/spool-input.ts";

/** An options object without what cannot cross to another process. */
export type Plain<T> = Omit<T, "signal" | "onEvent" | "input">;

/** The same, with what the caller has found out for the engine. */
export type Prepared<T> = Plain<T> & {
  /** What standard input was. */
  readonly spooled?: SpooledInput | undefined;
  /** The lock file that the build holds to. */
  readonly lock?: ReadLock | undefined;
  /** What servers have said. */
  readonly said?: Readonly<Record<string, unknown>> | undefined;
};

/** Jobs that need mounts or processes, with their answers. The engine process does one and ends. */
export interface Jobs {
  readonly build: { readonly options: Prepared<BuildOptions>; readonly answer: BuildResult };
  /** Fetches a context for those who only look at its Dockerfile. */
  readonly "read-input": {
    readonly options: InputOptions & Prepared<Pick<BuildOptions, "store">>;
    readonly answer: BuildInput;
  };
  readonly run: { readonly options: Plain<RunOptions>; readonly answer: { readonly exitCode: number } };
  readonly shell: { readonly options: Plain<ShellOptions>; readonly answer: { readonly exitCode: number } };
  readonly load: { readonly options: Plain<LoadOptions>; readonly answer: readonly Loaded[] };
  readonly save: { readonly options: Plain<SaveOptions>; readonly answer: null };
  readonly pull: { readonly options: Plain<PullOptions>; readonly answer: readonly Pulled[] };
  readonly push: { readonly options: Plain<PushOptions>; readonly answer: readonly Pushed[] };
  readonly inspect: {
    readonly options: { readonly image: string; readonly store?: string | undefined };
    readonly answer: ImageInspection;
  };
  readonly suggest: {
    readonly options: {
      readonly image: string;
      readonly platform?: string | undefined;
      readonly store?: string | undefined;
    };
    readonly answer: SuggestFacts;
  };
  readonly sbom: { readonly options: Plain<SbomOptions>; readonly answer: Sbom };
  readonly prune: {
    readonly options: Plain<PruneOptions>;
    readonly answer: PruneResult;
  };
  readonly "build-base": { readonly options: Plain<BuildBaseOptions>; readonly answer: BuiltBase };
  readonly "lock-base": { readonly options: Plain<LockBaseOptions>; readonly answer: { readonly lock: BaseLock } };
  readonly lock: { readonly options: LockJob; readonly answer: LockAnswer };
  /** Nothing but what comes at the end of every job: the store is kept within its limit. */
  readonly keep: { readonly options: { readonly store?: string | undefined }; readonly answer: null };
  /** Deletes cache mounts that nobody uses; answers which. */
  readonly "remove-caches": {
    readonly options: { readonly ids: readonly string[]; readonly store?: string | undefined };
    readonly answer: readonly string[];
  };
  /** Deletes what removed images alone held. */
  readonly collect: { readonly options: { readonly store?: string | undefined }; readonly answer: null };
}

export type JobName = keyof Jobs;

/** Caller to engine. */
export type ToEngine =
  | { readonly type: "job"; readonly job: JobName; readonly options: Jobs[JobName]["options"] }
  | { readonly type: "signal"; readonly name: NodeJS.Signals }
  | { readonly type: "cancel" };

/** Engine to caller. */
export type FromEngine =
  /** It is in its namespaces: whatever ends it from now on is not the kernel refusing them. */
  | { readonly type: "ready" }
  | { readonly type: "event"; readonly event: BuildEvent }
  | { readonly type: "answer"; readonly answer: Jobs[JobName]["answer"] }
  | { readonly type: "error"; readonly error: SlipwayErrorInit };
