import type { Ctx } from "../base/index.ts";
import { type BaseName, makeBase, parseBaseName } from "../debian/index.ts";
import { encodeConfig, familiarName, type ImageConfig, parseReference, type Platform } from "../oci/index.ts";
import type { PlannedImage } from "../plan/index.ts";
import { debianArch } from "./debian-arch.ts";
import { announce, endFailed, type Engine } from "./engine.ts";
import { originKey, storedBase } from "./stored-base.ts";

/** Makes `debian:SUITE[-slim]` from the signed archive and keeps it under that name; undefined for every other name. */
export async function makeArchiveBase(
  name: string,
  platform: Platform,
  mirror: string | undefined,
  engine: Engine,
  ctx: Ctx,
): Promise<PlannedImage | undefined> {
  const base = parseBaseName(familiarName(parseReference(name)));
  if (!base) return undefined;
  await using _lock = await engine.store.lock(`base ${name}`, ctx.signal);
  // Another build may have made it while this one waited.
  const known = storedBase(engine.store, name);
  if (known && engine.store.images.use(known.id)) return known;
  const step = `base ${name}`;
  const started = Date.now();
  announce(ctx, step, `${name} from the Debian archive`);
  try {
    const made = await make(name, base, platform, mirror, engine, ctx);
    ctx.emit({ type: "step-done", id: step, duration: Date.now() - started, note: made.origin });
    return made;
  } catch (error) {
    endFailed(ctx, step, started, error);
    throw error;
  }
}

async function make(
  name: string,
  base: BaseName,
  platform: Platform,
  mirror: string | undefined,
  engine: Engine,
  ctx: Ctx,
): Promise<PlannedImage> {
  const { store, snapshotter, namespace } = engine;
  const executor = await engine.executor(ctx);
  const cache = { folder: store.path("debian", "."), blobs: store.blobs };
  const owner = namespace.kind === "single-id" ? "squash" : "keep";
  const made = await makeBase(
    { ...base, arch: debianArch(), owner, mirror, step: `base ${name}` },
    { cache, snapshotter, executor, ctx },
  );
  const config: ImageConfig = {
    created: made.created,
    architecture: platform.architecture,
    os: platform.os,
    variant: platform.variant,
    config: made.config,
    rootfs: { type: "layers", diff_ids: [await engine.diffIdOf(made.snapshot.id)] },
    history: made.history,
  };
  const { id, bytes } = encodeConfig(config);
  const { size } = made.snapshot;
  store.images.put({ id, config, snapshots: [made.snapshot.id], size, created: Date.parse(made.created) }, bytes);
  store.images.tag(name, id);
  store.facts.set(originKey(id), made.origin, id);
  return { id, name, config, origin: made.origin };
}
