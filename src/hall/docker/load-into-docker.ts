import { type Ctx, type Digest, SlipwayError } from "../../base/index.ts";
import {
  type ExportImage,
  type ExportLayer,
  type ExportResult,
  type NamedImage,
  streamDocker,
  streamOci,
} from "../../export/index.ts";
import { defaultLevel } from "../../layer/index.ts";
import type { Store } from "../../store/index.ts";
import type { WrittenOutput } from "../api/output-api.ts";
import { announce, endFailed, type Engine } from "../engine/engine.ts";
import type { LoadOutput } from "../outputs/output.ts";
import { engineAddress } from "./engine-address.ts";
import { DockerEngine } from "./engine-client.ts";
import { type EngineLayers, engineLayers } from "./engine-layers.ts";
import { noteBlobs, notedSize } from "./noted-blobs.ts";

/** Bytes between two words about the progress. */
const stride = 4 << 20;

/** Asks, before anything is built, whether the engine is there. Throws SLIP_NETWORK, SLIP_CONFIG, SLIP_UNSUPPORTED. */
export async function checkDocker({ context }: LoadOutput, { signal }: Pick<Ctx, "signal">): Promise<void> {
  await new DockerEngine(engineAddress(process.env, context), signal).ping();
}

/**
 * Takes images into a running Docker Engine under their names. Layers that it has do not travel: an archive may leave out what the engine has.
 * @throws SLIP_NETWORK when it cannot be reached or does not take them, SLIP_UNSUPPORTED for several platforms where it cannot hold them
 */
export async function loadIntoDocker(
  { names, form, context }: LoadOutput,
  images: NamedImage["images"],
  engine: Engine,
  ctx: Ctx,
): Promise<WrittenOutput> {
  const docker = new DockerEngine(engineAddress(process.env, context), ctx.signal);
  const { name } = docker.address;
  const step = `load ${name}`;
  const started = Date.now();
  announce(ctx, step, `load into the Docker Engine at ${name}`);
  try {
    const there = await engineLayers(docker, engine.store);
    checkPlatforms(images, there);
    const named = { images, names };
    const sent = await send(named, { there, form, docker, step }, engine.store, ctx).catch(async (error: unknown) => {
      if (!(error instanceof LayerGone)) throw error;
      // What the engine had a moment ago it has no more.
      return send(named, { there: { ...there, has: () => undefined }, form, docker, step }, engine.store, ctx);
    });
    const { result, leftOut } = sent;
    const spared = leftOut > 0 ? `${leftOut} layers were there` : undefined;
    ctx.emit({ type: "step-done", id: step, duration: Date.now() - started, note: spared });
    const { descriptor, configs } = result;
    // Graph drivers keep no manifest: the image's id is what it is called by.
    if (there.keeps === "layers") return { type: "load", dest: name, digest: configs?.[0], names, configs };
    return { type: "load", dest: name, digest: descriptor?.digest, descriptor, names, configs };
  } catch (error) {
    const failure = error instanceof LayerGone ? error.refusal : error;
    endFailed(ctx, step, started, failure);
    throw failure;
  }
}

/** A layer that was left out was missed. */
class LayerGone extends Error {
  readonly refusal: SlipwayError;

  constructor(refusal: SlipwayError) {
    super(refusal.message);
    this.refusal = refusal;
  }
}

interface Sending {
  readonly there: EngineLayers;
  readonly form: LoadOutput["form"];
  readonly docker: DockerEngine;
  readonly step: string;
}

async function send(
  { images, names }: NamedImage,
  { there, form, docker, step }: Sending,
  store: Store,
  ctx: Ctx,
): Promise<{ readonly result: ExportResult; readonly leftOut: number }> {
  const leftOut = new Set<Digest>();
  const [first, ...others] = images.map((image) => sparing(image, there, leftOut, store));
  const named: NamedImage = { images: [first as ExportImage, ...others], names };
  let result: ExportResult | undefined;
  let [bytes, told] = [0, 0];
  const said = await docker.load(async (write) => {
    const counted = async (chunk: Uint8Array): Promise<void> => {
      await write(chunk);
      bytes += chunk.byteLength;
      if (bytes - told < stride) return;
      told = bytes;
      ctx.emit({ type: "step-progress", id: step, label: "sending", current: bytes, unit: "bytes" });
    };
    const options = {
      compression: "none",
      ...defined(form),
      name: docker.address.name,
      write: counted,
      there: leftOut,
    } as const;
    result = await (there.keeps === "blobs" ? streamOci : streamDocker)([named], options, ctx);
  });
  const problem = said.find((line) => line.startsWith("error: ") || line.startsWith("Error unpacking"));
  if (problem !== undefined) {
    const refusal = new SlipwayError({
      code: "SLIP_NETWORK",
      message: `Cannot load the image into the Docker Engine at ${docker.address.name}: ${problem.replace("error: ", "")}`,
      hint: "write an archive and load it by hand: --output type=docker,dest=FILE",
    });
    throw leftOut.size > 0 ? new LayerGone(refusal) : refusal;
  }
  const done = result as ExportResult;
  for (const { descriptor, layers } of done.manifests ?? []) noteBlobs(descriptor.digest, layers, store);
  return { result: done, leftOut: leftOut.size };
}

/** The image with layers that the engine has as it has them; their digests are added to those that are left out. */
function sparing(image: ExportImage, there: EngineLayers, leftOut: Set<Digest>, store: Store): ExportImage {
  const diffIds = image.config.rootfs.diff_ids;
  const layers = image.layers.map((layer, at): ExportLayer => {
    const known = knownBlobs(layer, store);
    const has = there.has(
      diffIds,
      at,
      known.map(({ digest }) => digest),
    );
    if (has === undefined) return layer;
    leftOut.add(has);
    // Graph drivers look at the layer's name alone.
    return {
      ...layer,
      came: known.find(({ digest }) => digest === has) ?? { compression: "none", digest: has, size: 0 },
    };
  });
  return { ...image, layers };
}

/** The blobs that a layer came in as or was made into. */
function knownBlobs({ diffId, came }: ExportLayer, store: Store): readonly NonNullable<ExportLayer["came"]>[] {
  const made = (["gzip", "zstd"] as const).flatMap((compression) => {
    const { digest, size } = store.layerBlobs.get(diffId, compression, defaultLevel[compression]) ?? {};
    return digest === undefined || size === undefined ? [] : [{ compression, digest, size }];
  });
  const size = notedSize(diffId, store);
  const plain = size === undefined ? [] : [{ compression: "none", digest: diffId, size } as const];
  return [...(came ? [came] : []), ...plain, ...made];
}

function checkPlatforms(images: readonly ExportImage[], { keeps }: EngineLayers): void {
  if (images.length === 1 || keeps === "blobs") return;
  throw new SlipwayError({
    code: "SLIP_UNSUPPORTED",
    message: "This Docker Engine holds images of one platform",
    hint: "build for one platform, or let the engine use the containerd image store (features.containerd-snapshotter in its daemon.json)",
  });
}

function defined(form: LoadOutput["form"]): Partial<LoadOutput["form"]> {
  return Object.fromEntries(Object.entries(form).filter(([, value]) => value !== undefined));
}
