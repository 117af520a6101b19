import type { Descriptor } from "../oci/index.ts";
import type { Claim } from "./statement.ts";
import { predicateTypes } from "./statement.ts";

/** Names this page's structure: docs/attestations.md, "Provenance". It is raised when members change their meaning. */
const buildType = "urn:slipway:dockerfile-build:v1";
/** Who builds where nobody else is named: slipway, on the machine of whoever calls it. */
const localBuilder = "urn:slipway:local";

/** Something from elsewhere that went into the build (SLSA, ResourceDescriptor). */
export interface Material {
  readonly uri: string;
  /** Missing where nobody knows it. */
  readonly digest?: Readonly<Record<string, string>> | undefined;
  /** Where it came from, in words that programs can tell apart: `origin`, `suite`, `snapshot`. */
  readonly annotations?: Readonly<Record<string, string>> | undefined;
}

export interface ProvenanceStep {
  /** `step3`. */
  readonly id: string;
  /** As the Dockerfile has it. */
  readonly instruction: string;
  readonly stage?: string | undefined;
  readonly platform?: string | undefined;
  /** Ids of the steps that it stands on or takes from. */
  readonly inputs: readonly string[];
  /** The cache had it; undefined for what is no step: a base, a context. */
  readonly cached?: boolean | undefined;
  /** What was done, without secrets and places of this machine. */
  readonly op: object;
  /** From 1. */
  readonly lines?: readonly [start: number, end: number] | undefined;
}

export interface ProvenanceInput {
  /** `min` has no values of build arguments and labels, no ids of secrets, no steps and no Dockerfile. */
  readonly mode: "min" | "max";
  readonly builderId?: string | undefined;
  readonly version: string;
  /** Whoever asked says that the same build gives the same bytes. */
  readonly reproducible: boolean;
  readonly invocationId: string;
  /** Milliseconds since the epoch. */
  readonly started: number;
  readonly finished: number;
  /** Of the machine that built. */
  readonly builderPlatform: string;
  readonly source: {
    readonly uri?: string | undefined;
    readonly digest?: Readonly<Record<string, string>> | undefined;
    /** Of the Dockerfile. */
    readonly path: string;
    readonly text: string;
  };
  /** What the frontend was told, by BuildKit's names: `target`, `build-arg:NAME`, `label:NAME`. */
  readonly args: Readonly<Record<string, string>>;
  readonly secrets: readonly { readonly id: string; readonly optional?: true | undefined }[];
  readonly ssh: readonly { readonly id: string; readonly optional?: true | undefined }[];
  /** Names of folders of this machine that went in. */
  readonly locals: readonly string[];
  readonly materials: readonly Material[];
  /** No step could reach a network. */
  readonly offline: boolean;
  readonly steps: readonly ProvenanceStep[];
  /** Seconds since 1970: SOURCE_DATE_EPOCH. */
  readonly epoch?: number | undefined;
}

/**
 * How an image came to be (SLSA provenance v1, https://slsa.dev/spec/v1.1/provenance). Members with `slipway_` before their names are this builder's
 * own, shaped as BuildKit shapes its.
 * @param layers of the image, as it goes out.
 */
export function provenanceClaim(input: ProvenanceInput, layers: readonly Descriptor[]): Claim {
  const max = input.mode === "max";
  const { uri, digest, path } = input.source;
  const complete = isComplete(input);
  const predicate = {
    buildDefinition: {
      buildType,
      externalParameters: { configSource: { uri, digest, path }, request: requestOf(input) },
      internalParameters: {
        builderPlatform: input.builderPlatform,
        ...(input.epoch !== undefined && { sourceDateEpoch: input.epoch }),
        ...(max && { buildConfig: { steps: stepsOf(input) } }),
      },
      resolvedDependencies: input.materials,
    },
    runDetails: {
      builder: { id: input.builderId ?? localBuilder, version: { slipway: input.version } },
      metadata: {
        invocationId: input.invocationId,
        startedOn: new Date(input.started).toISOString(),
        finishedOn: new Date(input.finished).toISOString(),
        slipway_completeness: { request: tellsAll(input), resolvedDependencies: complete },
        slipway_hermetic: complete && input.offline,
        slipway_reproducible: input.reproducible,
        slipway_cache: cacheOf(input),
        ...(max && { slipway_metadata: metadata(input, layers) }),
      },
    },
  };
  return { predicateType: predicateTypes.provenance, predicate };
}

/**
 * The same as a predicate of SLSA v0.2 (https://slsa.dev/spec/v0.2/provenance), which is what buildx writes into its metadata file: without steps and
 * metadata in mode `min`.
 */
export function olderProvenance(input: ProvenanceInput): object {
  const max = input.mode === "max";
  const { uri, digest, path } = input.source;
  return {
    builder: { id: input.builderId ?? localBuilder },
    buildType,
    materials: input.materials.map((material) => ({ uri: material.uri, digest: material.digest })),
    invocation: {
      configSource: { uri, digest, entryPoint: path },
      parameters: requestOf(input),
      environment: { platform: input.builderPlatform },
    },
    ...(max && {
      buildConfig: { steps: stepsOf(input) },
      metadata: {
        buildInvocationID: input.invocationId,
        buildStartedOn: new Date(input.started).toISOString(),
        buildFinishedOn: new Date(input.finished).toISOString(),
        completeness: { parameters: tellsAll(input), environment: true, materials: isComplete(input) },
        reproducible: input.reproducible,
        slipway_cache: cacheOf(input),
      },
    }),
  };
}

function requestOf(input: ProvenanceInput): object {
  return {
    frontend: "dockerfile.v0",
    args: sorted(toldArgs(input)),
    ...(input.mode === "max" && { secrets: input.secrets, ssh: input.ssh }),
    locals: input.locals.map((name) => ({ name })),
  };
}

function stepsOf({ steps }: ProvenanceInput): readonly object[] {
  return steps.map(({ lines: _lines, ...step }) => step);
}

function cacheOf({ steps }: ProvenanceInput): object {
  const counted = steps.filter(({ cached }) => cached !== undefined);
  return { steps: counted.length, cached: counted.filter(({ cached }) => cached).length };
}

/** All that went in has a digest. */
function isComplete({ locals, materials }: ProvenanceInput): boolean {
  return locals.length === 0 && materials.every(({ digest }) => digest !== undefined);
}

/** No argument is left out. */
function tellsAll(input: ProvenanceInput): boolean {
  return Object.keys(toldArgs(input)).length === Object.keys(input.args).length;
}

function toldArgs({ mode, args }: ProvenanceInput): Readonly<Record<string, string>> {
  return mode === "max" ? args : withoutValues(args);
}

/** Names of build arguments and labels may tell as much as their values: BuildKit leaves both out too. */
function withoutValues(args: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(args).filter(([name]) => !/^(?:build-arg|label):/.test(name)));
}

function sorted(args: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(args).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function metadata({ source, steps }: ProvenanceInput, layers: readonly Descriptor[]): object {
  const last = steps.at(-1);
  return {
    source: {
      infos: [{ filename: source.path, language: "Dockerfile", data: Buffer.from(source.text).toString("base64") }],
      locations: Object.fromEntries(
        steps.flatMap(({ id, lines }) =>
          lines ? [[id, { locations: [{ ranges: [{ start: { line: lines[0] }, end: { line: lines[1] } }] }] }]] : [],
        ),
      ),
    },
    ...(last && {
      layers: {
        [`${last.id}:0`]: [layers.map(({ mediaType, digest, size }) => ({ mediaType, digest, size }))],
      },
    }),
  };
}
