import { SlipwayError } from "../../base/index.ts";
import { type Dockerfile, stages } from "../../dockerfile/index.ts";
import { linkParts, type Vertex } from "../../graph/index.ts";
import { type BuildPlan, targetStage } from "../../plan/index.ts";
import type { BuildOptions } from "../api/api.ts";

/** Which steps are made anew whatever the cache has: undefined for none. */
export function noCacheOf(
  { noCache, noCacheFilter = [] }: Pick<BuildOptions, "noCache" | "noCacheFilter">,
  plan: BuildPlan,
  dockerfile: Dockerfile,
): ((vertex: Vertex) => boolean) | undefined {
  if (noCache) return () => true;
  if (noCacheFilter.length === 0) return undefined;
  const wanted = new Set(noCacheFilter.map((name) => stageIndex(name, dockerfile)));
  // Two stages that do the same share their vertices.
  const own = plan.stages.flatMap((stage) => (wanted.has(stage.index) ? stage.own : []));
  // A linked copy is made on nothing, and then put in its place.
  const linked = own.flatMap((vertex) => linkParts(vertex)?.copy ?? []);
  const fresh = new Set([...own, ...linked].map(({ digest }) => digest));
  return ({ digest }) => fresh.has(digest);
}

function stageIndex(name: string, dockerfile: Dockerfile): number {
  const { stages: all } = stages(dockerfile);
  const unnamed = /^stage-(\d+)$/.exec(name)?.[1];
  if (unnamed !== undefined && all[Number(unnamed)]?.name === undefined && Number(unnamed) < all.length) {
    return Number(unnamed);
  }
  try {
    return targetStage(all, name, dockerfile).index;
  } catch (error) {
    if (!(error instanceof SlipwayError)) throw error;
    const message = `--no-cache-filter names the stage ${JSON.stringify(name)}, which ${dockerfile.file} does not have`;
    throw new SlipwayError({ ...error.toJSON(), message });
  }
}
