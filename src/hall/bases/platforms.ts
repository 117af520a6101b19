import { formatPlatform, defaultPlatform, parsePlatform, type Platform } from "../../oci/index.ts";
import type { BuildPlan } from "../../plan/index.ts";
import type { ImageRecord } from "../../store/index.ts";

/** What a build is for. */
export interface BuiltFor {
  /** At least one, none twice, in the order asked for. */
  readonly platforms: readonly [Platform, ...Platform[]];
  /** They were asked for by name. */
  readonly given: boolean;
}

/**
 * Platforms as options name them: each entry may be a list with commas; `local` is this machine's.
 * Throws SLIP_USAGE.
 */
export function builtFor(given: readonly string[] = []): BuiltFor {
  const words = given.flatMap((text) => text.split(",")).map((text) => text.trim());
  const named = words.filter((text) => text !== "");
  const found = new Map<string, Platform>();
  for (const text of named) {
    const platform = text.toLowerCase() === "local" ? defaultPlatform() : parsePlatform(text);
    found.set(formatPlatform(platform), platform);
  }
  const [first = defaultPlatform(), ...others] = found.values();
  return { platforms: [first, ...others], given: named.length > 0 };
}

/** The plans of several platforms as one for people: every vertex once, a stage left out only where all leave it out. */
export function mergePlans(plans: readonly [BuildPlan, ...BuildPlan[]]): BuildPlan {
  const [first, ...others] = plans;
  if (others.length === 0) return first;
  const vertices = new Map(plans.flatMap((plan) => plan.vertices.map((vertex) => [vertex.digest, vertex] as const)));
  const warnings = new Map(plans.flatMap((plan) => plan.warnings.map((told) => [told.message, told] as const)));
  return {
    ...first,
    vertices: [...vertices.values()],
    history: plans.flatMap(({ history }) => history),
    skippedStages: first.skippedStages.filter((stage) => others.every((plan) => plan.skippedStages.includes(stage))),
    bases: Object.assign({}, ...plans.map(({ bases }) => bases)) as BuildPlan["bases"],
    warnings: [...warnings.values()],
  };
}

/** The image of this machine's platform, or else the first. */
export function ownImage<T extends Pick<ImageRecord, "config">>(images: readonly [T, ...T[]]): T {
  const own = formatPlatform(defaultPlatform());
  return images.find(({ config }) => formatPlatform(config) === own) ?? images[0];
}
