import type { Digest } from "../../base/index.ts";
import type { OpSpec } from "../../graph/index.ts";
import type { ContainerConfig, Platform } from "../../oci/index.ts";
import type { MissCause } from "../../solve/index.ts";

export type { OpSpec } from "../../graph/index.ts";
export type { ContainerConfig } from "../../oci/index.ts";
export type { MissCause } from "../../solve/index.ts";

/** What a build would do with one step. */
export interface ForeseenStep {
  /** The vertex's digest; for layers that are squashed or folded at the end no digest. */
  readonly id: string;
  readonly stage?: string | undefined;
  /** Position in its stage, from 1, and the number of steps of that stage. */
  readonly position?: readonly [number, number] | undefined;
  readonly text: string;
  /** First line in the Dockerfile, from 1. */
  readonly line?: number | undefined;
  /**
   * - `hit`: the cache has it, or nothing needs it.
   * - `run`: it has to run.
   * - `maybe`: that depends on what steps before it give, or on files that only the build looks at.
   * - `source`: a base or a context that is at hand; `pull`: a base that is made from the archive first, or of which a step needs layers that are not here.
   */
  readonly status: "hit" | "run" | "maybe" | "source" | "pull";
  /** Why, in one line; undefined for what is cached or at hand. */
  readonly because?: string | undefined;
  /** Why it has to run, one by one. */
  readonly causes: readonly MissCause[];
  /** Ids of the steps that decide, of `maybe`. */
  readonly dependsOn: readonly string[];
  /** When what the cache has was made (milliseconds since the epoch), and why it had to be made then. */
  readonly made?: { readonly time: number; readonly why?: string | undefined } | undefined;
}

/** What a build would do, without doing it. */
export interface Foreseen {
  readonly target: string;
  /** Sources before what uses them; stages in the order in which they are needed. */
  readonly steps: readonly ForeseenStep[];
  /** Stages that the target does not need, each with the reason. */
  readonly skippedStages: readonly string[];
}

/** A build as a graph, with all that was resolved. */
export interface ResolvedGraph {
  readonly target: string;
  /** One a platform. */
  readonly images: readonly {
    readonly platform: Platform;
    readonly root: Digest;
    /** The configuration that the image gets. */
    readonly config: ContainerConfig;
    readonly author?: string | undefined;
  }[];
  readonly stages: readonly {
    readonly name: string;
    readonly index: number;
    readonly root: Digest;
    /** The image is made of it. */
    readonly shipped: boolean;
  }[];
  readonly skippedStages: readonly string[];
  readonly sources: readonly {
    readonly digest: Digest;
    readonly kind: string;
    readonly name: string;
    /** Of a base that is in the store: its image id. */
    readonly id?: Digest | undefined;
    /** Of a context: its folder. */
    readonly path?: string | undefined;
    /** Where it comes from. */
    readonly origin?: string | undefined;
  }[];
  /** Inputs before users. Values of proxies are not in it. */
  readonly vertices: readonly {
    readonly digest: Digest;
    readonly op: OpSpec;
    readonly inputs: readonly Digest[];
    readonly stage?: string | undefined;
    readonly position?: readonly [number, number] | undefined;
    readonly text: string;
    readonly line?: number | undefined;
  }[];
}
