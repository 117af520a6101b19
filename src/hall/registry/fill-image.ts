import { type Ctx, type Digest, isSlipwayError, SlipwayError } from "../../base/index.ts";
import { parseReference, type Platform } from "../../oci/index.ts";
import type { RegistryImage } from "../../registry/index.ts";
import type { Engine } from "../engine/engine.ts";
import { fillLayers } from "./fill-layers.ts";
import { cameManifest } from "./known-blobs.ts";
import { type AttachedRequest, pullAttached } from "./pull-attached.ts";

export interface Filling {
  /** As it was asked for. */
  readonly name: string;
  readonly platform: Platform;
  /** What the name stands for. */
  readonly root: Digest;
  readonly id: Digest;
  /** As it came just now. */
  readonly came: RegistryImage | undefined;
}

/** Brings the layers of an image that is in the store, and its attestations, side by side. @returns whether layers had to be brought. */
export async function fillImage(
  { name, platform, root, id, came }: Filling,
  step: string,
  engine: Engine,
  ctx: Ctx,
): Promise<boolean> {
  const manifest = cameManifest(id, engine.store);
  // It was built here, and whoever builds says what is attached.
  if (manifest === undefined) return fill(id, name, step, engine, ctx);
  const client = await engine.registries();
  const { domain, path } = parseReference(name);
  const stop = new AbortController();
  const part: Ctx = { ...ctx, signal: AbortSignal.any([ctx.signal, stop.signal]) };
  const indexes: AttachedRequest["indexes"] = async () => {
    if (came) return came.manifest.descriptor.digest === manifest ? came.indexes : undefined;
    const quiet = { signal: part.signal, emit: () => undefined };
    const { value, ...document } = await client.manifest({ domain, path, digest: root }, quiet);
    if (!("manifests" in value)) return root === manifest ? [] : undefined;
    if (value.manifests.some(({ digest }) => digest === manifest)) return [{ ...document, value }];
    const deeper = await client.image({ domain, path, digest: root }, platform, quiet, "any-platform");
    return deeper.manifest.descriptor.digest === manifest ? deeper.indexes : undefined;
  };
  const beside = pullAttached(
    { name, repository: { domain, path }, root, id, manifest, indexes },
    client,
    engine.store,
    part,
  );
  // It may be cancelled while layers come.
  beside.catch(() => undefined);
  try {
    const filled = await fill(id, name, step, engine, ctx);
    await beside;
    return filled;
  } catch (error) {
    stop.abort();
    await Promise.allSettled([beside]);
    throw error;
  }
}

/** @returns whether something had to be brought. */
async function fill(id: Digest, name: string, step: string, engine: Engine, ctx: Ctx): Promise<boolean> {
  const top = engine.store.images.get(id)?.snapshots.at(-1);
  try {
    return top !== undefined && (await fillLayers([top], step, engine, ctx)).length > 0;
  } catch (error) {
    throw ofImage(error, name);
  }
}

/** Layers are unpacked without knowing whose they are. */
function ofImage(error: unknown, name: string): unknown {
  const problem = isSlipwayError(error) && /^Cannot unpack the (?:archive|layer): (.*)$/s.exec(error.message)?.[1];
  if (!problem) return error;
  return new SlipwayError({ ...error.toJSON(), message: `Cannot unpack a layer of ${name}: ${problem}`, cause: error });
}
