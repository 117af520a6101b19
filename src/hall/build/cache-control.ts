import { resolve } from "node:path";
import type { Ctx, Digest } from "../../base/index.ts";
import type { Dockerfile } from "../../dockerfile/index.ts";
import type { FileTree, OpRooms } from "../../ops/index.ts";
import type { BuildPlan } from "../../plan/index.ts";
import type { SolveOptions } from "../../solve/index.ts";
import type { Store } from "../../store/index.ts";
import type { BuildOptions } from "../api/api.ts";
import { causeText, type Explainer, explainer } from "./explain.ts";
import { noCacheOf } from "./no-cache.ts";
import { recordCache } from "./record-cache.ts";

/** What a build that is solved asks of the cache, and leaves in it. */
export interface CacheControl {
  readonly solve: Pick<SolveOptions<FileTree>, "cache" | "noCache" | "made" | "onMiss">;
  /** Where the operations gather what they take; undefined while only the cache is asked. */
  readonly lists: OpRooms["lists"];
  readonly explainer: Explainer;
}

/**
 * @param asked.runs whether steps may run: then each miss is told with its cause, and what its key was made of is kept.
 * @param asked.caches those from elsewhere that could be read.
 */
export function cacheControl(
  options: Pick<BuildOptions, "context" | "dockerfile" | "buildArgs" | "noCache" | "noCacheFilter">,
  plan: BuildPlan,
  dockerfile: Dockerfile,
  store: Store,
  { runs, caches = [] }: { readonly runs: boolean; readonly caches?: readonly string[] | undefined },
  ctx: Ctx,
): CacheControl {
  const noCache = noCacheOf(options, plan, dockerfile);
  const known = explainer({
    store,
    dockerfile: dockerfilePath(options),
    buildArgs: new Set(Object.keys(options.buildArgs ?? {})),
    noCache,
    caches,
  });
  return {
    explainer: known,
    lists: runs ? new Map() : undefined,
    solve: {
      cache: recordCache(store, runs ? known : undefined),
      noCache,
      made: new Set<Digest>(),
      onMiss: (miss) => {
        const causes = known.causesOf(miss);
        if (causes.length > 0) ctx.emit({ type: "step-why", id: miss.vertex.digest, text: causeText(causes), causes });
      },
    },
  };
}

/** A name for the Dockerfile that stays from build to build: its place, or what was given where it has none. */
function dockerfilePath({ context, dockerfile }: Pick<BuildOptions, "context" | "dockerfile">): string {
  if (dockerfile === "-" || context === "-") return "-";
  if (/^[a-z][a-z+.-]*:\/\/|^git@|^github\.com\//i.test(context)) return `${context} ${dockerfile ?? "Dockerfile"}`;
  return dockerfile === undefined ? resolve(context, "Dockerfile") : resolve(dockerfile);
}
