import { type Ctx, SlipwayError } from "../../base/index.ts";
import type { OpRooms } from "../../ops/index.ts";
import type { BuildPlan } from "../../plan/index.ts";
import { NeedsRun } from "../../solve/index.ts";
import type { Store } from "../../store/index.ts";
import type { BuildOptions } from "../api/api.ts";
import type { AssembledImage } from "../build/assemble.ts";
import type { Engine } from "../engine/engine.ts";
import type { Prepared } from "../engine/protocol.ts";
import type { SolvedBuild } from "./gather.ts";
import type { ImportedCaches } from "./import-caches.ts";
import type { CacheSource } from "./read-caches.ts";

/** The caches elsewhere of one build. */
export interface BuildCaches {
  /** What was read; nothing while only the store is asked. */
  readonly imported: ImportedCaches;
  readonly carriedMount: OpRooms["carriedMount"];
  /** Puts the records of the image's own layers into it, when that was asked for. */
  inline(image: AssembledImage, plan: BuildPlan, build: SolvedBuild): Promise<AssembledImage>;
  /** Writes what is to be written beside the image. Throws what may not be ignored. */
  write(build: SolvedBuild): Promise<void>;
}

const nothing: ImportedCaches = { names: [], bases: [], mounts: [] };

/**
 * Reads the caches that a build is given. What the store itself answers needs none of them: without an engine they are not asked.
 * @returns undefined when none was asked for. @throws SLIP_USAGE and SLIP_UNSUPPORTED before anything is done; NeedsRun
 */
export async function openCaches(
  options: Prepared<BuildOptions>,
  store: Store,
  engine: Engine | undefined,
  ctx: Ctx,
): Promise<BuildCaches | undefined> {
  const { cacheFrom = [], cacheTo = [] } = options;
  if (cacheFrom.length + cacheTo.length === 0) return undefined;
  const { readCacheSources, readCacheTargets } = await import("./read-caches.ts");
  const sources = readCacheSources(cacheFrom);
  const targets = readCacheTargets(cacheTo);
  const isInline = targets.some(({ type }) => type === "inline");
  checkShape(isInline, options);
  if (!engine && targets.some(({ type }) => type !== "inline")) throw new NeedsRun();
  const imported = engine && !options.noCache ? await read(sources, engine, ctx) : nothing;
  const mounts = await import("./cache-mounts.ts");
  return {
    imported,
    carriedMount: engine && mounts.carriedMounts(imported.mounts, engine),
    inline: async (image, plan, build) => {
      if (!isInline) return image;
      const { withInlineCache } = await import("./inline-cache.ts");
      const squashed = engine ? engine.namespace.kind === "single-id" : await isOneId(store);
      return withInlineCache(image, plan, build, squashed, ctx);
    },
    write: async (build) => {
      if (!engine) return;
      const { exportCaches } = await import("./export-caches.ts");
      await exportCaches(targets, build, imported.mounts, engine, ctx);
    },
  };
}

/** What the store's files were made with: the engine would find the same. */
async function isOneId({ root }: Store): Promise<boolean> {
  const { oneIdStore } = await import("../engine/store-ids.ts");
  return oneIdStore(root) !== undefined;
}

async function read(sources: readonly CacheSource[], engine: Engine, ctx: Ctx): Promise<ImportedCaches> {
  if (sources.length === 0) return nothing;
  const { importCaches } = await import("./import-caches.ts");
  const { store, namespace } = engine;
  const squashed = namespace.kind === "single-id";
  return importCaches(sources, { store, squashed, registries: () => engine.registries(), keeps: true }, ctx);
}

function checkShape(isInline: boolean, { squash, fold }: Pick<BuildOptions, "squash" | "fold">): void {
  if (!isInline || (!squash && !fold)) return;
  const flag = squash ? "--squash" : "--fold";
  throw new SlipwayError({
    code: "SLIP_UNSUPPORTED",
    message: `--cache-to type=inline and ${flag} exclude each other: the layers of the steps are not in the image then`,
    hint: "write a cache on its own: --cache-to type=registry,ref=NAME",
  });
}
