import { type Ctx, type Digest, isSlipwayError } from "../../base/index.ts";
import { type ImageContent, importedImage, importImage, noteManifest } from "../../import/index.ts";
import { type Descriptor, formatPlatform, parseReference, type Platform, type Reference } from "../../oci/index.ts";
import type { PlannedImage } from "../../plan/index.ts";
import type { RegistryClient, RegistryImage } from "../../registry/index.ts";
import type { Store } from "../../store/index.ts";
import { announce, endFailed, type Engine } from "../engine/engine.ts";
import { originKey } from "../bases/stored-base.ts";
import { fillImage } from "./fill-image.ts";
import { noteDocument, noteLayers, noteRepository } from "./known-blobs.ts";
import { transferCtx } from "./transfer-events.ts";

export interface PullRequest {
  /** As people write it: `debian:bookworm`, `registry.example/app@sha256:...`. */
  readonly name: string;
  readonly platform: Platform;
  /** Another source is there: a registry that cannot be reached is given up at once. */
  readonly impatient?: boolean | undefined;
  /** A base: what stands under the name alone is taken, whatever it is for (InvalidBaseImagePlatform). */
  readonly asBase?: boolean | undefined;
  /** All its files are wanted now, and its attestations; without it files come when something needs them. */
  readonly whole?: boolean | undefined;
}

export interface PulledImage extends PlannedImage {
  /** What the name stands for in the registry: a manifest, or an index of several platforms. */
  readonly digest: Digest;
  /** False when the image was in the store already, with all that was asked for. */
  readonly isNew: boolean;
}

/**
 * Brings what a name stands for in its registry now into the store, under that name: its manifest and configuration, and if the whole image is wanted the
 * layers that the store lacks.
 * @throws SLIP_NETWORK, SLIP_UNAUTHORIZED, SLIP_REGISTRY, SLIP_IMAGE_UNKNOWN, SLIP_DIGEST_MISMATCH, SLIP_OCI_INVALID, SLIP_LAYER_INVALID
 */
export async function pullImage(request: PullRequest, engine: Engine, ctx: Ctx): Promise<PulledImage> {
  const { name, platform, impatient, asBase, whole } = request;
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
    // A manifest is known whatever it is for; the registry's client says what it is for when that is something else.
    const fits = known?.config.os === platform.os && known.config.architecture === platform.architecture;
    const there = known && (fits || asBase) && engine.store.images.use(known.id);
    // What is missing of it may have been looked for elsewhere, and that place may be gone.
    if (there) noteSource(known.id, reference, engine.store);
    const { made: image, came } = there
      ? { made: known }
      : await bring(client, { ...reference, digest }, request, step, engine, ctx);
    const filled = whole
      ? await fillImage({ name, platform, root: digest, id: image.id, came }, step, engine, ctx)
      : false;
    if (reference.digest === undefined) engine.store.images.tagBeside(name, image.id);
    const origin = `registry ${reference.domain} ${digest}`;
    engine.store.facts.set(originKey(image.id), origin, image.id);
    ctx.emit({
      type: "step-done",
      id: step,
      duration: Date.now() - started,
      note: `${there && !filled ? "up to date, " : ""}${digest.slice(0, 19)}`,
    });
    return { id: image.id, config: image.config, name, origin, digest, isNew: !there || filled };
  } catch (error) {
    endFailed(ctx, step, started, error);
    throw error;
  }
}

function noteSource(id: Digest, { domain, path }: Reference, store: Store): void {
  for (const layer of store.images.get(id)?.snapshots ?? []) {
    store.remoteLayers.addSource(layer, { kind: "registry", repository: `${domain}/${path}` });
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
  { name, platform, asBase }: PullRequest,
  step: string,
  engine: Engine,
  ctx: Ctx,
): Promise<{ readonly made: Pick<PlannedImage, "id" | "config">; readonly came?: RegistryImage }> {
  const { store } = engine;
  const lone = asBase ? "any-platform" : "must-fit";
  const image = await client.image(reference, platform, transferCtx(step, "downloading", ctx), lone);
  const { manifest } = image;
  await using _lock = await store.lock(`import ${manifest.descriptor.digest}`, ctx.signal);
  // Another index, or another run of this, may have brought the same image.
  const known = importedImage(manifest.descriptor.digest, platform, store);
  const made = known && store.images.use(known.id) ? known : await take(reference, name, image, engine, ctx);
  const indexes = image.indexes.map(({ descriptor }) => descriptor.digest);
  // An index may have given an older variant than was asked for: the next time it is found by what was asked for.
  for (const asked of [made.config, { ...made.config, variant: undefined, ...platform }]) {
    noteManifest({ id: made.id, config: asked }, manifest.descriptor.digest, indexes, store);
  }
  return { made, came: image };
}

async function take(
  reference: Reference,
  name: string,
  image: RegistryImage,
  engine: Engine,
  ctx: Ctx,
): Promise<Pick<PlannedImage, "id" | "config">> {
  const { store, snapshotter, namespace } = engine;
  const { manifest, indexes, config } = image;
  const found = {
    descriptor: manifest.descriptor,
    indexes: indexes.map(({ descriptor }) => descriptor.digest),
    manifest: manifest.value,
  };
  const content: ImageContent = {
    name: `the image ${name}`,
    async *blob() {
      yield config.bytes;
    },
  };
  const made = await importImage(content, found, {
    store,
    snapshotter,
    overlayXattrs: namespace.overlayXattrs,
    squashOwners: namespace.kind === "single-id",
    signal: ctx.signal,
    sources: [{ kind: "registry", repository: `${reference.domain}/${reference.path}` }],
  });
  await noteLayers({ id: made.id, manifest: manifest.value }, store);
  noteDocument(made.id, manifest, store);
  noteRepository(reference, manifest.value.layers, store);
  return made;
}
