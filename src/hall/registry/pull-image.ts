import { type Ctx, type Digest, isSlipwayError } from "../../base/index.ts";
import { importedImage, importImage, noteManifest } from "../../import/index.ts";
import { type Descriptor, formatPlatform, parseReference, type Platform, type Reference } from "../../oci/index.ts";
import type { PlannedImage } from "../../plan/index.ts";
import type { RegistryClient, RegistryImage } from "../../registry/index.ts";
import { announce, endFailed, type Engine } from "../engine/engine.ts";
import { originKey } from "../bases/stored-base.ts";
import { noteDocument, noteLayers, noteRepository } from "./known-blobs.ts";
import { RegistryContent } from "./registry-content.ts";
import { transferCtx } from "./transfer-events.ts";

export interface PullRequest {
  /** As people write it: `debian:bookworm`, `registry.example/app@sha256:...`. */
  readonly name: string;
  readonly platform: Platform;
  /** Another source is there: a registry that cannot be reached is given up at once. */
  readonly impatient?: boolean | undefined;
}

export interface PulledImage extends PlannedImage {
  /** What the name stands for in the registry: a manifest, or an index of several platforms. */
  readonly digest: Digest;
  /** False when the image was in the store already. */
  readonly isNew: boolean;
}

/**
 * Brings what a name stands for in its registry now into the store, under that name. Only layers that the store lacks travel.
 * @throws SLIP_NETWORK, SLIP_UNAUTHORIZED, SLIP_REGISTRY, SLIP_IMAGE_UNKNOWN, SLIP_DIGEST_MISMATCH, SLIP_OCI_INVALID, SLIP_LAYER_INVALID
 */
export async function pullImage(request: PullRequest, engine: Engine, ctx: Ctx): Promise<PulledImage> {
  const { name, platform, impatient } = request;
  const reference = parseReference(name);
  const step = `pull ${name} ${formatPlatform(platform)}`;
  const registry = transferCtx(step, "downloading", ctx);
  const early = impatient ? await askOnce(reference, engine, ctx) : undefined;
  const started = Date.now();
  announce(ctx, step, `pull ${name}`);
  try {
    const client = await engine.registries();
    const { digest } = early ?? (await client.resolve(reference, registry));
    const known = importedImage(digest, platform, engine.store);
    const there = known !== undefined && engine.store.images.use(known.id);
    const image = there ? known : await bring(client, { ...reference, digest }, request, step, engine, ctx);
    if (reference.digest === undefined) engine.store.images.tagBeside(name, image.id);
    const origin = `registry ${reference.domain} ${digest}`;
    engine.store.facts.set(originKey(image.id), origin, image.id);
    ctx.emit({
      type: "step-done",
      id: step,
      duration: Date.now() - started,
      note: `${there ? "up to date, " : ""}${digest.slice(0, 19)}`,
    });
    return { id: image.id, config: image.config, name, origin, digest, isNew: !there };
  } catch (error) {
    endFailed(ctx, step, started, error);
    throw error;
  }
}

/** Registries that could not be reached, each with its failure: this process, which does one job, asks them no more in passing. */
const unreached = new Map<string, Promise<Descriptor>>();

/** What a name stands for, without patience. Nothing is shown of a registry that is not there while another source is. */
async function askOnce(reference: Reference, engine: Engine, { signal }: Ctx): Promise<Descriptor> {
  const { domain } = reference;
  const failed = unreached.get(domain);
  if (failed) return failed;
  const client = await engine.registries("impatient");
  const asked = client.resolve(reference, { signal, emit: () => undefined });
  asked.catch((error: unknown) => {
    if (isSlipwayError(error) && error.code === "SLIP_NETWORK") unreached.set(domain, asked);
  });
  return asked;
}

async function bring(
  client: RegistryClient,
  reference: Reference,
  { name, platform }: PullRequest,
  step: string,
  engine: Engine,
  ctx: Ctx,
): Promise<Pick<PlannedImage, "id" | "config">> {
  const { store } = engine;
  const image = await client.image(reference, platform, transferCtx(step, "downloading", ctx));
  const { manifest } = image;
  await using _lock = await store.lock(`import ${manifest.descriptor.digest}`, ctx.signal);
  // Another index, or another run of this, may have brought the same image.
  const known = importedImage(manifest.descriptor.digest, platform, store);
  const made =
    known && store.images.use(known.id) ? known : await take(client, reference, name, image, step, engine, ctx);
  const indexes = image.indexes.map(({ descriptor }) => descriptor.digest);
  // An index may have given an older variant than was asked for: the next time it is found by what was asked for.
  for (const asked of [made.config, { ...made.config, variant: undefined, ...platform }]) {
    noteManifest({ id: made.id, config: asked }, manifest.descriptor.digest, indexes, store);
  }
  return made;
}

async function take(
  client: RegistryClient,
  reference: Reference,
  name: string,
  image: RegistryImage,
  step: string,
  engine: Engine,
  ctx: Ctx,
): Promise<Pick<PlannedImage, "id" | "config">> {
  const { store, snapshotter, namespace } = engine;
  const { manifest, indexes } = image;
  const { layers } = manifest.value;
  const registry = transferCtx(step, "downloading", ctx);
  let arrived = 0;
  await using content = new RegistryContent(`the image ${name}`, reference, image, {
    client,
    store,
    ctx: {
      ...registry,
      emit: (event) => {
        if (event.type === "progress" && event.current === event.total) arrived++;
        registry.emit(event);
      },
    },
  });
  const found = {
    descriptor: manifest.descriptor,
    indexes: indexes.map(({ descriptor }) => descriptor.digest),
    manifest: manifest.value,
  };
  const made = await importImage(content, found, {
    store,
    snapshotter,
    overlayXattrs: namespace.overlayXattrs,
    squashOwners: namespace.kind === "single-id",
    signal: ctx.signal,
    // While layers still come, their bytes are what is told.
    onProgress: (current, total) => {
      if (arrived < layers.length) return;
      ctx.emit({ type: "step-progress", id: step, label: "unpacking layers", current, total, unit: "bytes" });
    },
  });
  noteLayers({ id: made.id, manifest: manifest.value }, store);
  noteDocument(made.id, manifest, store);
  noteRepository(reference, layers, store);
  return made;
}
