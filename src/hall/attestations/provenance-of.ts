import type { ProvenanceInput } from "../../attest/index.ts";
import { type Digest, packageVersion } from "../../base/index.ts";
import { defaultPlatform, formatPlatform } from "../../oci/index.ts";
import type { SourceOp } from "../../graph/index.ts";
import type { Answers } from "../../ops/index.ts";
import type { BuildPlan } from "../../plan/index.ts";
import type { BuildOptions } from "../api/api.ts";
import type { ProvenanceOptions } from "../api/attest-api.ts";
import { materialsOf, sourceMaterial } from "./materials.ts";
import { placeless } from "./placeless.ts";
import { provenanceSteps, withoutPasswords } from "./provenance-steps.ts";

/** A build that is done, as its provenance is told from. */
export interface DoneBuild {
  readonly options: BuildOptions;
  readonly dockerfile: { readonly file: string; readonly text: string };
  /** What brought the context, where it is no folder. */
  readonly source: SourceOp | undefined;
  /** Vertices that had to run. */
  readonly ran: ReadonlySet<Digest>;
  readonly answers: Answers;
  /** Milliseconds since the epoch. */
  readonly started: number;
  /** Another each time. */
  readonly invocationId: string;
  /** One an image. */
  readonly plans: readonly BuildPlan[];
  readonly ids: readonly Digest[];
}

/**
 * What the provenance of each image of a build says: all have one invocation, and each its own materials and steps.
 * @param finished milliseconds since the epoch.
 */
export function provenanceInputs(
  build: DoneBuild,
  wanted: ProvenanceOptions,
  finished: number,
): (plan: BuildPlan) => ProvenanceInput {
  const { invocationId } = build;
  return (plan) => ({ ...inputOf(build, wanted, plan), invocationId, finished });
}

function inputOf(
  { options, dockerfile, source, ran, answers, started }: DoneBuild,
  { mode = "max", builderId, reproducible = false }: ProvenanceOptions,
  plan: BuildPlan,
): Omit<ProvenanceInput, "invocationId" | "finished"> {
  const mounts = plan.vertices.flatMap(({ op }) => (op.kind === "exec" ? op.mounts : []));
  const asked = (type: "secret" | "ssh"): ProvenanceInput["secrets"] => {
    const found = new Map<string, boolean>();
    for (const mount of mounts) {
      if (mount.type === type) found.set(mount.id, (found.get(mount.id) ?? false) || mount.required);
    }
    return [...found]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([id, required]) => ({ id, ...(!required && { optional: true as const }) }));
  };
  const context = source && sourceMaterial(source, answers);
  return {
    mode,
    builderId,
    version: packageVersion(),
    reproducible,
    started,
    builderPlatform: formatPlatform(defaultPlatform()),
    source: { uri: context?.uri, digest: context?.digest, path: pathOf(dockerfile.file), text: dockerfile.text },
    args: argsOf(options),
    secrets: asked("secret"),
    ssh: asked("ssh"),
    locals: localsOf(plan, source),
    materials: materialsOf(plan, answers),
    offline: plan.vertices.every(({ op }) => op.kind !== "exec" || op.network === "none"),
    steps: provenanceSteps(plan.vertices, ran),
    epoch: plan.epoch,
  };
}

/** Where the Dockerfile lies, without the folders of this machine. */
function pathOf(file: string): string {
  return file.startsWith("/") ? (file.split("/").at(-1) ?? file) : withoutPasswords(file);
}

/** Folders of this machine that were read: who repeats the build needs them. */
function localsOf({ vertices }: BuildPlan, source: SourceOp | undefined): readonly string[] {
  const named = vertices.flatMap(({ op }) => (op.kind === "context" ? [op.name] : []));
  return [...new Set([...named, ...(source ? [] : ["dockerfile"])])].sort();
}

/** What the caller asked for, by the names that BuildKit's frontend has for it. What belongs to a machine alone stays out. */
function argsOf(options: BuildOptions): Readonly<Record<string, string>> {
  const { buildArgs = {}, labels = {}, buildContexts = {}, target, noCache, noCacheFilter = [] } = options;
  const pairs = (prefix: string, values: Readonly<Record<string, string>>): readonly [string, string][] =>
    Object.entries(values).map(([name, value]) => [`${prefix}:${name}`, withoutPasswords(value)]);
  const contexts = Object.entries(buildContexts).map(([name, value]): [string, string] => [
    `context:${name}`,
    /^(?:[a-z][a-z0-9+.-]*:|git@)/i.test(value) ? placeless(withoutPasswords(value)) : `local:${name}`,
  ]);
  return Object.fromEntries([
    ...pairs("build-arg", buildArgs),
    ...pairs("label", labels),
    ...contexts,
    ...(target === undefined ? [] : [["target", target]]),
    ...(noCache ? [["no-cache", ""]] : noCacheFilter.length > 0 ? [["no-cache", noCacheFilter.join(",")]] : []),
    // BuildKit has none for these; they say why the layers are not those of the steps.
    ...(options.squash ? [["squash", ""]] : options.fold ? [["fold", ""]] : []),
    ...(options.network === undefined || options.network === "default"
      ? []
      : [["force-network-mode", options.network]]),
  ]) as Record<string, string>;
}
