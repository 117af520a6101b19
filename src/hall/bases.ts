import { type Ctx, SlipwayError } from "../base/index.ts";
import { makeBase, parseBaseName } from "../debian/index.ts";
import { encodeConfig, familiarName, type ImageConfig, parseReference, type Platform } from "../oci/index.ts";
import type { ImageResolver, PlannedImage } from "../plan/index.ts";
import { NeedsRun } from "../solve/index.ts";
import type { ImageRecord, Store } from "../store/index.ts";
import type { BaseImages } from "./api.ts";
import { diffIdOf } from "./layers.ts";
import { announce, debianArch, type Engine } from "./machinery.ts";

export interface BaseOptions {
  readonly baseImages: BaseImages;
  readonly mirror?: string | undefined;
}

/**
 * Finds base images: in the store, then in the Debian archive (registries are a later source).
 * @param engine undefined while only the cache may be asked: then a base that is not in the store throws NeedsRun.
 */
export function imageResolver(store: Store, engine: Engine | undefined, options: BaseOptions, ctx: Ctx): ImageResolver {
  return async (name, platform) => {
    const reference = parseReference(name);
    const known = store.images.find(name);
    if (known) return planned(name, known, `store (${shortOrigin(store, known)})`);
    if (!engine) throw new NeedsRun();
    if (options.baseImages === "registry") throw noRegistry(name);
    const base = parseBaseName(familiarName(reference));
    if (!base) throw unknownImage(name);
    await using _lock = await store.lock(`base ${name}`, ctx.signal);
    const other = store.images.find(name);
    if (other) return planned(name, other, `store (${shortOrigin(store, other)})`);
    const made = await makeFromArchive(name, base, engine, options, platform, ctx);
    return planned(name, made.record, made.origin);
  };
}

function planned(name: string, { id, config }: ImageRecord, origin: string): PlannedImage {
  return { id, name, config, origin };
}

function shortOrigin(store: Store, { id }: ImageRecord): string {
  return (store.facts.get(`origin ${id}`) as string | undefined) ?? "built here";
}

async function makeFromArchive(
  name: string,
  base: NonNullable<ReturnType<typeof parseBaseName>>,
  engine: Engine,
  options: BaseOptions,
  platform: Platform,
  ctx: Ctx,
): Promise<{ readonly record: ImageRecord; readonly origin: string }> {
  const { store, snapshotter, namespace } = engine;
  const step = `base ${name}`;
  const started = Date.now();
  announce(ctx, step, `${name} from the Debian archive`);
  try {
    const executor = await engine.executor(ctx);
    const cache = { folder: store.path("debian", "."), blobs: store.blobs };
    const owner = namespace.kind === "single-id" ? "squash" : "keep";
    const made = await makeBase(
      { ...base, arch: debianArch(), owner, mirror: options.mirror, step },
      { cache, snapshotter, executor, ctx },
    );
    const diffId = await diffIdOf(engine, made.snapshot.id);
    const config: ImageConfig = {
      created: made.created,
      architecture: platform.architecture,
      os: platform.os,
      variant: platform.variant,
      config: made.config,
      rootfs: { type: "layers", diff_ids: [diffId] },
      history: made.history,
    };
    const { bytes, descriptor } = encodeConfig(config);
    const { size, created } = made.snapshot;
    const record: ImageRecord = { id: descriptor.digest, config, snapshots: [made.snapshot.id], size, created };
    store.images.put(record, bytes);
    store.images.tag(name, record.id);
    store.facts.set(`origin ${record.id}`, made.origin, record.id);
    ctx.emit({ type: "step-done", id: step, duration: Date.now() - started, note: made.origin });
    return { record, origin: made.origin };
  } catch (error) {
    ctx.emit({ type: "step-cancelled", id: step });
    throw error;
  }
}

function noRegistry(name: string): SlipwayError {
  return new SlipwayError({
    code: "SLIP_UNSUPPORTED",
    message: `Cannot pull ${name}: registries are not supported yet`,
    hint: "use --base-images=auto or archive for debian images, or --build-context NAME=docker-image://IMAGE for one in the store",
  });
}

function unknownImage(name: string): SlipwayError {
  return new SlipwayError({
    code: "SLIP_IMAGE_UNKNOWN",
    message: `Cannot find the image ${JSON.stringify(name)}: it is no stage, no named context and not in the store, and the Debian archive makes only debian:SUITE[-slim]`,
    hint: `stand another image in for it: --build-context ${name}=docker-image://debian:bookworm`,
  });
}
