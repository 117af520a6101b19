import type { SlipwayErrorInit } from "./errors.ts";

/** A stream of bytes. */
export type Bytes = AsyncIterable<Uint8Array>;

/** One line of the progress: a vertex of the build as a person reads it. */
export interface StepInfo {
  /** Unique within the build. */
  readonly id: string;
  /** Stage name, or its number as text; undefined for steps of no stage (sources, exports). */
  readonly stage?: string | undefined;
  /** What it is made for, where steps of several platforms are told apart: `linux/arm64`. */
  readonly platform?: string | undefined;
  /** Position in its stage, from 1, and the number of steps of that stage. */
  readonly position?: readonly [number, number] | undefined;
  /** What is done, as the user wrote it: `RUN go build -o /app .`. */
  readonly text: string;
  /** Steps of the same build that this one waits for. */
  readonly inputs: readonly string[];
  /** First line in the Dockerfile, from 1. */
  readonly line?: number | undefined;
}

/** What a build tells while it goes. Every event is plain JSON. Times are milliseconds since the epoch; durations milliseconds. */
export type BuildEvent =
  | {
      readonly type: "graph";
      readonly steps: readonly StepInfo[];
      readonly target: string;
      /** Stages that the target does not need, with the reason. */
      readonly skippedStages: readonly string[];
    }
  | { readonly type: "step-start"; readonly id: string; readonly time: number }
  | {
      readonly type: "step-cached";
      readonly id: string;
      /** The cache that its result came from, where that is not this store: `registry.example/app:cache`. */
      readonly from?: string | undefined;
    }
  | {
      /** Why a step has to run; comes after its start. */
      readonly type: "step-why";
      readonly id: string;
      /** In one line. */
      readonly text: string;
      /** One by one. */
      readonly causes: readonly { readonly kind: string; readonly text: string }[];
    }
  | { readonly type: "step-output"; readonly id: string; readonly stream: "stdout" | "stderr"; readonly text: string }
  | {
      readonly type: "step-progress";
      readonly id: string;
      readonly label: string;
      readonly current: number;
      readonly total?: number | undefined;
      /** What `current` and `total` count; bare numbers without it. */
      readonly unit?: "bytes" | undefined;
    }
  | { readonly type: "step-done"; readonly id: string; readonly duration: number; readonly note?: string | undefined }
  | { readonly type: "step-failed"; readonly id: string; readonly duration: number; readonly error: SlipwayErrorInit }
  | { readonly type: "step-cancelled"; readonly id: string }
  | {
      readonly type: "warning";
      readonly message: string;
      /** The name of the build check that it comes from. */
      readonly code?: string | undefined;
      /** A hint at what may be on purpose. */
      readonly note?: true | undefined;
      /** First and last line in the Dockerfile, from 1. */
      readonly line?: number | undefined;
      readonly endLine?: number | undefined;
      /** What the check is about, whatever the place. */
      readonly detail?: string | undefined;
      /** The lines with the place marked, for people. */
      readonly excerpt?: string | undefined;
      readonly hint?: string | undefined;
    };

/** What every long action gets: a signal that ends it and a sink for its events. */
export interface Ctx {
  readonly signal: AbortSignal;
  readonly emit: (event: BuildEvent) => void;
  /** What tells without end awaits this before it tells more; undefined when there is nothing to wait for. */
  readonly drained?: (() => Promise<void> | undefined) | undefined;
}
