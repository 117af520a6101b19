import type { Outline, Target } from "../../dockerfile/index.ts";
import type { BuildOptions } from "../api/api.ts";
import type { ContextListing } from "../api/context-api.ts";
import type { CheckReport, DescribedFile, DescribeOptions } from "../api/describe-api.ts";

/** Loaded when asked for: a build needs none of it. */
const load = () => import("./describe-build.ts");

/**
 * Checks a Dockerfile without building: BuildKit's build checks, and whatever would be an error before the first step.
 * Without a target all stages are looked at. Nothing is fetched: of a base that is not in the store only a Debian one is known.
 * Throws SLIP_CONTEXT, SLIP_DOCKERFILE_NOT_FOUND.
 */
export async function checkDockerfile(options: DescribeOptions): Promise<CheckReport> {
  return (await load()).checkDockerfile(options);
}

/** What of a folder takes part in a build, and which line of the ignore file says so. Throws SLIP_CONTEXT, SLIP_DOCKERFILE_NOT_FOUND. */
export async function listContext(options: Pick<BuildOptions, "context" | "dockerfile">): Promise<ContextListing> {
  return (await import("./list-context.ts")).listContext(options);
}

/** The stages of a Dockerfile. Throws SLIP_DOCKERFILE. */
export async function targetsOf(
  options: DescribeOptions,
): Promise<DescribedFile & { readonly targets: readonly Target[] }> {
  return (await load()).targetsOf(options);
}

/** What a target takes from outside: build arguments, secrets, agents. Throws SLIP_DOCKERFILE, SLIP_STAGE_UNKNOWN. */
export async function outlineOf(options: DescribeOptions): Promise<DescribedFile & { readonly outline: Outline }> {
  return (await load()).outlineOf(options);
}
