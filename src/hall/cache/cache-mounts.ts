import { rm } from "node:fs/promises";
import { join } from "node:path";
import { type Ctx, type Digest, formatByteSize, SlipwayError } from "../../base/index.ts";
import type { CachedMount } from "../../cache/index.ts";
import type { CacheParts } from "../../export/index.ts";
import { extractTar, writeLayer } from "../../layer/index.ts";
import { type Descriptor, mediaTypes } from "../../oci/index.ts";
import type { OpRooms } from "../../ops/index.ts";
import { type CacheMount, type LayerSource, measureFolder } from "../../store/index.ts";
import type { Engine } from "../engine/engine.ts";
import { ArrivingBlobs } from "../registry/arriving-blobs.ts";
import { transferCtx } from "../registry/transfer-events.ts";

/** A cache mount that came with a cache: its archive stays where it is until a step wants it. */
export interface CarriedMount {
  readonly key: Digest;
  readonly name: string;
  /** Bytes of its files. */
  readonly size: number;
  readonly blob: Descriptor;
  readonly source: LayerSource;
}

/** An archive of a cache mount, to be written into a cache. */
export interface PackedMount {
  readonly mount: Omit<CachedMount, "blob">;
  readonly file: CacheParts["files"][number];
}

/** What a build that found caches gives the steps that want a mount which this store does not have. */
export function carriedMounts(carried: readonly CarriedMount[], engine: Engine): NonNullable<OpRooms["carriedMount"]> {
  return (key) => {
    const found = carried.find((one) => one.key === key);
    return found && ((folder, step, ctx) => unpackMount(found, folder, step, engine, ctx));
  };
}

/** Unpacks the archive into an empty folder. @returns false, with a warning, when it cannot be had: then nothing is there. */
async function unpackMount(
  carried: CarriedMount,
  folder: string,
  step: string,
  engine: Engine,
  ctx: Ctx,
): Promise<boolean> {
  try {
    await bring(carried, step, engine, ctx);
    await extractTar({
      source: engine.store.blobs.path(carried.blob.digest),
      into: folder,
      owner: engine.namespace.kind === "single-id" ? "squash" : "keep",
      signal: ctx.signal,
    });
    return true;
  } catch (error) {
    if (ctx.signal.aborted || !(error instanceof SlipwayError)) throw error;
    const message = `The cache mount ${carried.name} could not be taken from the cache: ${error.message}`;
    ctx.emit({ type: "warning", message, hint: "the step begins with an empty one" });
    return false;
  }
}

async function bring({ blob, source }: CarriedMount, step: string, engine: Engine, ctx: Ctx): Promise<void> {
  const { store } = engine;
  const registry = transferCtx(step, "downloading", ctx, blob.size);
  await using blobs = new ArrivingBlobs({ client: () => engine.registries(), store, ctx: registry });
  await blobs.bring({ id: "", parent: undefined, diffId: blob.digest, blob, sources: [source] });
}

/**
 * Packs the cache mounts of the given ids, each as one archive. Those that this store does not have go on as they came.
 * @param options.folder where the archives are made. Emits a warning for what is left out.
 */
export async function packMounts(
  names: readonly string[],
  options: { readonly largest: number; readonly folder: string; readonly step: string },
  carried: readonly CarriedMount[],
  engine: Engine,
  ctx: Ctx,
): Promise<readonly PackedMount[]> {
  const packed = new Map<Digest, PackedMount>();
  const leftOut = (name: string, why: string, hint: string): void =>
    ctx.emit({ type: "warning", message: `The cache mount ${name} is left out of the cache: ${why}`, hint });
  for (const name of names) {
    const own = engine.store.cacheMounts.list().filter((mount) => mount.name === name);
    const came = carried.filter((mount) => mount.name === name);
    if (own.length + came.length === 0) {
      leftOut(name, "there is none of that id", "`slipway cache ls` lists them");
      continue;
    }
    for (const mount of own) {
      if (packed.has(mount.key)) continue;
      const one = await packMount(mount, options, engine, ctx);
      if (one === "too large") {
        const most = formatByteSize(options.largest);
        leftOut(name, `its files take more than ${most}`, "mounts-max=SIZE of --cache-to says how much one may take");
      } else packed.set(mount.key, one);
    }
    for (const mount of came.filter(({ key }) => !packed.has(key)))
      packed.set(mount.key, passOn(mount, options, engine, ctx));
  }
  return [...packed.values()];
}

async function packMount(
  { name, key }: CacheMount,
  { largest, folder, step }: Parameters<typeof packMounts>[1],
  { store }: Engine,
  ctx: Ctx,
): Promise<PackedMount | "too large"> {
  const onWait = (): void => {
    const text = `waiting for the cache mount ${name}: a step has it\n`;
    ctx.emit({ type: "step-output", id: step, stream: "stderr", text });
  };
  // Nobody may write in it meanwhile, or half a file would travel.
  const fill = (): Promise<never> =>
    Promise.reject(new SlipwayError({ code: "SLIP_STORE", message: `The cache mount ${name} is gone` }));
  await using use = await store.cacheMounts.use({ name, key, sharing: "locked", fill, onWait }, ctx.signal);
  const { size } = await measureFolder(use.folder);
  if (size > largest) return "too large";
  const output = join(folder, key.slice(7));
  await rm(output, { force: true });
  const written = await writeLayer({
    upper: use.folder,
    overlayXattrs: "none",
    compression: "zstd",
    output,
    signal: ctx.signal,
  });
  const descriptor = { mediaType: mediaTypes.oci.layer.zstd, digest: written.digest, size: written.size };
  return { mount: { key, name, size }, file: { descriptor, file: output } };
}

function passOn(
  carried: CarriedMount,
  { step }: Parameters<typeof packMounts>[1],
  engine: Engine,
  ctx: Ctx,
): PackedMount {
  const { key, name, size, blob } = carried;
  const file = engine.store.blobs.path(blob.digest);
  return {
    mount: { key, name, size },
    file: { descriptor: blob, file, bring: () => bring(carried, step, engine, ctx) },
  };
}
