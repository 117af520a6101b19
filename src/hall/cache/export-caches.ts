import { type Ctx, type Digest, toSlipwayError } from "../../base/index.ts";
import { type CacheDocument, cacheTypes, encodeCache, mountBlobs } from "../../cache/index.ts";
import { type CacheParts, exportCacheLayout, type ExportLayer, pushCache } from "../../export/index.ts";
import { defaultLevel } from "../../layer/index.ts";
import { familiarName, parseReference } from "../../oci/index.ts";
import { announce, endFailed, type Engine } from "../engine/engine.ts";
import { cameFrom } from "../registry/came-from.ts";
import { cameAs, noteRepository, repositoriesOf } from "../registry/known-blobs.ts";
import { transferCtx } from "../registry/transfer-events.ts";
import { type CarriedMount, packMounts } from "./cache-mounts.ts";
import { type Gathered, type GatheredLayer, gatherCache, type SolvedBuild } from "./gather.ts";
import type { CacheTarget } from "./read-caches.ts";

type StandingTarget = Exclude<CacheTarget, { readonly type: "inline" }>;

/**
 * Writes what the steps of a build gave to caches elsewhere, one after the other. A failure is a warning, unless the cache wants it to be an error.
 * @param carried cache mounts that came with caches: those that the store does not have go on as they came.
 */
export async function exportCaches(
  targets: readonly CacheTarget[],
  build: SolvedBuild,
  carried: readonly CarriedMount[],
  engine: Engine,
  ctx: Ctx,
): Promise<void> {
  const gathered = new Map<string, Promise<Gathered>>();
  for (const target of targets) {
    if (target.type === "inline") continue;
    const name = target.type === "registry" ? familiarName(parseReference(target.name)) : target.folder;
    const step = `export cache to ${name}`;
    const started = Date.now();
    announce(ctx, step, step);
    try {
      const found =
        gathered.get(target.mode) ??
        gatherCache(build, target.mode, engine.namespace.kind === "single-id", (id) => engine.diffIdOf(id));
      gathered.set(target.mode, found);
      const written = await write(target, await found, carried, step, engine, ctx);
      const note = `${written.records.length} records, ${written.layers.length} layers`;
      ctx.emit({ type: "step-done", id: step, duration: Date.now() - started, note });
    } catch (error) {
      const failure = toSlipwayError(error);
      if (ctx.signal.aborted || !target.ignoreError || failure.code === "SLIP_INTERNAL") {
        endFailed(ctx, step, started, error);
        throw error;
      }
      ctx.emit({ type: "step-done", id: step, duration: Date.now() - started, note: "not written" });
      const hint = [failure.hint, "the build is done all the same; ignore-error=false makes this an error"];
      ctx.emit({
        type: "warning",
        message: `The cache ${name} is not written: ${failure.message}`,
        hint: hint.filter((text) => text !== undefined).join("; "),
      });
    }
  }
}

async function write(
  target: StandingTarget,
  { document, layers }: Gathered,
  carried: readonly CarriedMount[],
  step: string,
  engine: Engine,
  ctx: Ctx,
): Promise<CacheDocument> {
  const { store } = engine;
  const folder = store.scratch();
  try {
    const options = { largest: target.mountsMax, folder, step };
    const packed = await packMounts(target.mounts, options, carried, engine, ctx);
    const mounts = mountBlobs(
      packed.map(({ mount }) => mount),
      layers.length,
    );
    const whole = { ...document, mounts };
    const parts: CacheParts = {
      config: { bytes: encodeCache(whole), mediaType: cacheTypes.config },
      layers: layers.map((layer) => exportLayer(layer, target, engine)),
      files: packed.map(({ file }) => file),
      keeper: store,
    };
    if (target.type === "local") await exportCacheLayout(parts, { ...target.form, ...target }, ctx);
    else await push(target, parts, step, engine, ctx);
    return whole;
  } finally {
    await store.discard(folder);
  }
}

async function push(
  { name, form }: StandingTarget & { readonly type: "registry" },
  parts: CacheParts,
  step: string,
  engine: Engine,
  ctx: Ctx,
): Promise<void> {
  const { store } = engine;
  const client = await engine.registries();
  const repositories = (blob: Digest): ReturnType<typeof repositoriesOf> => repositoriesOf(blob, store);
  const content = await pushCache(parts, { ...form, repositoriesOf: repositories }, ctx);
  const reference = parseReference(name);
  await client.push(reference, content, transferCtx(step, "uploading", ctx));
  noteRepository(
    reference,
    content.blobs.map(({ descriptor }) => descriptor),
    store,
  );
}

/** A layer as it leaves: as it came, or as it was compressed for another output, unless a compression is asked for. */
function exportLayer(
  { diffId, snapshot }: GatheredLayer,
  { form }: Pick<StandingTarget, "form">,
  engine: Engine,
): ExportLayer {
  const { store, namespace } = engine;
  const upper = store.snapshots.folder(snapshot);
  const own = form.compression === undefined ? keptBlob(diffId, store) : undefined;
  const came = cameAs(diffId, store) ?? cameFrom(snapshot, diffId, engine) ?? own;
  const ready = store.remoteLayers.of(snapshot) && (() => engine.bringLayers([snapshot]));
  return { diffId, upper, overlayXattrs: namespace.overlayXattrs, came, ready };
}

function keptBlob(diffId: Digest, store: Engine["store"]): ExportLayer["came"] {
  for (const compression of ["zstd", "gzip"] as const) {
    const kept = store.layerBlobs.get(diffId, compression, defaultLevel[compression]);
    if (kept) return { compression, digest: kept.digest, size: kept.size };
  }
  return undefined;
}
