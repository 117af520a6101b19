import { type Ctx, type Digest, digestOf, sha256, SlipwayError, toSlipwayError } from "../../base/index.ts";
import {
  type ArchiveChoice,
  baseLockOf,
  type BaseRecipe,
  currentRecipePackages,
  type DebianPackage,
  lockedArchive,
  type LockSource,
  makeFromRecipe,
  type MadeFromRecipe,
  type OwnBase,
} from "../../debian/index.ts";
import { encodeConfig, formatPlatform, type ImageConfig, type Platform } from "../../oci/index.ts";
import { announce, endFailed, type Engine } from "../engine/engine.ts";
import { debianArch } from "./debian-arch.ts";

/** Raised when the same description and packages give another image than before. */
const recipesVersion = 1;

export interface OwnBaseJob {
  readonly base: OwnBase;
  /** The lock to hold to. */
  readonly source: LockSource | undefined;
  readonly platform: Platform;
  readonly mirror: string | undefined;
}

/** An own base in the store. */
export interface OwnImage {
  readonly id: Digest;
  readonly origin: string;
}

/**
 * Makes a base that a file describes for one platform, or finds it in the store where the same description gave the same packages.
 * @throws SLIP_BASE, SLIP_LOCK, and what makeFromRecipe throws
 */
export async function makeOwnBase(
  { base, source, platform, mirror }: OwnBaseJob,
  engine: Engine,
  ctx: Ctx,
): Promise<OwnImage> {
  const { store, namespace } = engine;
  const arch = debianArch(platform);
  const own = arch === debianArch();
  const step = `base ${base.name}${own ? "" : ` ${arch}`}`;
  await using _lock = await store.lock(`own-${step}`, ctx.signal);
  const started = Date.now();
  const from = source ? source.file : "the Debian archive";
  announce(ctx, step, `${base.name} from ${from}${own ? "" : ` for ${formatPlatform(platform)}`}`);
  try {
    const cache = { folder: store.path("debian", "."), blobs: store.blobs };
    const owner = namespace.kind === "single-id" ? "squash" : "keep";
    const recipe = base.recipe(arch);
    const options = { mirror, keyring: engine.keyring, step };
    const opened = source
      ? openLocked(source, recipe, { ...options, cache, ctx })
      : await openCurrent(base, recipe, options, { cache, ctx });
    const keys = keysOf(opened, owner);
    const known = store.facts.get(source ? keys.exact : keys.same) as Digest | undefined;
    if (known !== undefined && store.images.get(known) && store.images.use(known)) {
      ctx.emit({ type: "step-done", id: step, duration: Date.now() - started, note: "up to date" });
      return { id: known, origin: `store (${opened.archive.origin})` };
    }
    const made = await makeFromRecipe(
      opened.recipe,
      { ...options, archive: opened.archive, owner },
      { ...engine, cache, ctx },
    );
    const id = await keep(made, platform, engine);
    for (const key of [keys.exact, keys.same]) store.facts.set(key, id, id);
    ctx.emit({ type: "step-done", id: step, duration: Date.now() - started, note: made.origin });
    return { id, origin: made.origin };
  } catch (error) {
    endFailed(ctx, step, started, error);
    throw error;
  }
}

/** An archive with a recipe, and the packages that it is made of. */
interface Opened {
  readonly archive: NonNullable<Parameters<typeof makeFromRecipe>[1]["archive"]>;
  readonly recipe: BaseRecipe;
  /** `NAME SHA256 image|files` of each. */
  readonly packages: readonly string[];
}

async function openCurrent(
  { file }: OwnBase,
  recipe: BaseRecipe,
  options: ArchiveChoice & { readonly step: string },
  rooms: Parameters<typeof currentRecipePackages>[2],
): Promise<Opened> {
  try {
    const { archive, packages, materials } = await currentRecipePackages(recipe, options, rooms);
    const named = (all: readonly DebianPackage[], use: string): readonly string[] =>
      all.map(({ name, sha256: sum }) => `${name} ${sum} ${use}`);
    return { archive, recipe, packages: [...named(packages, "image"), ...named(materials, "files")] };
  } catch (error) {
    const away = toSlipwayError(error);
    if (away.code !== "SLIP_NETWORK") throw error;
    const lock = baseLockOf(file);
    throw new SlipwayError({
      ...away.toJSON(),
      hint: `${away.hint ?? ""}; with a ${lock} that \`slipway base lock\` wrote, --locked needs no archive for packages that the store has`,
      cause: away,
    });
  }
}

function openLocked(source: LockSource, recipe: BaseRecipe, options: Parameters<typeof lockedArchive>[2]): Opened {
  const locked = source.lock.archs.find(({ arch }) => arch === recipe.arch)?.packages ?? [];
  return {
    ...lockedArchive(source, recipe, options),
    packages: locked.map(({ name, sha256: sum, use }) => `${name} ${sum} ${use}`),
  };
}

/**
 * What an image is found again by: `exact` by all that its bytes depend on, `same` by all but the time of the archive, for one that is as good
 * while the archive has the same packages.
 */
function keysOf(
  { recipe, archive, packages }: Opened,
  owner: string,
): { readonly exact: string; readonly same: string } {
  const { places: _places, packages: _names, resolve: _resolve, without: _without, files = [], ...said } = recipe;
  const written = files.map(({ content, ...file }) => ({ ...file, content: sha256(content) }));
  const about = { recipesVersion, owner, ...said, files: written, packages: packages.toSorted() };
  return {
    exact: `own-base ${digestOf({ ...about, date: archive.date })}`,
    same: `own-base ${digestOf(about)}`,
  };
}

async function keep(made: MadeFromRecipe, platform: Platform, engine: Engine): Promise<Digest> {
  const diffIds: Digest[] = [];
  for (const { id } of made.layers) diffIds.push(await engine.diffIdOf(id));
  const config: ImageConfig = {
    created: made.created,
    architecture: platform.architecture,
    os: platform.os,
    variant: platform.variant,
    config: made.config,
    rootfs: { type: "layers", diff_ids: diffIds },
    history: made.history,
  };
  const { id, bytes } = encodeConfig(config);
  const size = made.layers.reduce((sum, layer) => sum + layer.size, 0);
  const snapshots = made.layers.map((layer) => layer.id);
  engine.store.images.put({ id, config, snapshots, size, created: Date.parse(made.created) }, bytes);
  return id;
}
