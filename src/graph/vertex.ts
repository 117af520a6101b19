import { type Digest, digestOf, type SourceLocation } from "../base/index.ts";
import type { OpSpec } from "./op-spec.ts";

/** Where a vertex comes from; never part of its digest. */
export interface Origin {
  /** What the user wrote: `RUN go build`. */
  readonly text: string;
  readonly stage?: string | undefined;
  /** Where steps of several platforms are told apart: `linux/arm64`. */
  readonly platform?: string | undefined;
  /** From 1, and the count of steps in the stage. */
  readonly position?: readonly [number, number] | undefined;
  readonly location?: SourceLocation | undefined;
  /** Of a RUN: the stage's SHELL. */
  readonly shell?: readonly string[] | undefined;
}

/** A node of the build graph: an operation over the results of its inputs. */
export interface Vertex {
  /** Covers the operation and the inputs' digests, and nothing else. */
  readonly digest: Digest;
  readonly op: OpSpec;
  readonly inputs: readonly Vertex[];
  readonly origin: Origin;
}

/** What a build has to make: one vertex for the target, and what was left out. */
export interface BuildGraph {
  readonly root: Vertex;
  /** Every vertex that the root needs, inputs before users. */
  readonly vertices: readonly Vertex[];
}

/** Makes a vertex, frozen, with its digest. */
export function vertex(op: OpSpec, inputs: readonly Vertex[], origin: Origin): Vertex {
  const digest = digestOf({ op, inputs: inputs.map((input) => input.digest) });
  return Object.freeze({
    digest,
    op: Object.freeze(op),
    inputs: Object.freeze([...inputs]),
    origin: Object.freeze(origin),
  });
}

/** The copy of a COPY --link, and what it is put on; undefined for any other vertex. */
export function linkParts({ op, inputs }: Vertex): { readonly copy: Vertex; readonly below: Vertex } | undefined {
  const [copy, below] = inputs;
  return op.kind === "link" && copy && below ? { copy, below } : undefined;
}

/** What a step's file system begins with; undefined for a source. */
export function standsOn(step: Vertex): Vertex | undefined {
  return linkParts(step)?.below ?? step.inputs[0];
}
