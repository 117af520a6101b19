import { type Ctx, isSlipwayError, SlipwayError, toSlipwayError } from "../../base/index.ts";
import {
  familiarName,
  formatPlatform,
  formatReference,
  parseReference,
  type Platform,
  platformFits,
} from "../../oci/index.ts";
import type { ImageResolver, PlannedImage } from "../../plan/index.ts";
import { NeedsRun } from "../../solve/index.ts";
import type { AdoptedBase } from "../../cache/index.ts";
import type { Store } from "../../store/index.ts";
import type { BaseImages } from "../api/api.ts";
import type { Engine } from "../engine/engine.ts";
import { layoutBase, unknownDigest } from "./layout-base.ts";
import { standsAlone, storedBase } from "./stored-base.ts";

export interface BaseOptions {
  readonly baseImages: BaseImages;
  readonly mirror?: string | undefined;
  /** Ask the registry, or the archive, for what is newer. */
  readonly pull?: boolean | undefined;
  /** Bases that came with a cache from elsewhere, and are in the store without a name. */
  readonly carried?: readonly AdoptedBase[] | undefined;
  /** Nothing is built from them: what is looked up is not marked as used. */
  readonly planning?: boolean | undefined;
}

/**
 * Finds base images: in the store, then in their registry, then, where no registry can be asked, in the Debian archive.
 * @param engine undefined while only the cache may be asked: then a base that is not in the store throws NeedsRun.
 */
export function imageResolver(store: Store, engine: Engine | undefined, options: BaseOptions, ctx: Ctx): ImageResolver {
  return async (name, platform) => {
    const layout = await layoutBase(name, platform, store, engine, ctx);
    if (layout) return layout;
    const known = usableBase(store, name, platform);
    // Its files may be asked for much later, when other stages are done.
    if (known && (options.planning || store.images.use(known.id))) {
      return options.pull ? pulled(known, name, platform, engine, options, ctx) : known;
    }
    const carried = options.pull ? undefined : carriedBase(name, platform, store, options);
    if (carried) return carried;
    if (!engine) throw new NeedsRun();
    return fetched(name, platform, engine, options, ctx);
  };
}

/** A base of the Debian archive as the cache has it: another one made today may have other packages. */
function carriedBase(
  name: string,
  platform: Platform,
  store: Store,
  { carried = [], baseImages }: BaseOptions,
): PlannedImage | undefined {
  if (carried.length === 0 || baseImages === "registry" || name.includes("://")) return undefined;
  const whole = formatReference(parseReference(name));
  const found = carried.find(
    (base) => formatReference(parseReference(base.name)) === whole && platformFits(base.platform, platform),
  );
  const image = found && store.images.get(found.id);
  return image && { id: image.id, name, config: image.config, origin: `store (${found.origin})` };
}

/** A base that is not in the store: from its registry, and from the archive where no registry can be asked. */
async function fetched(
  name: string,
  platform: Platform,
  engine: Engine,
  { baseImages, mirror }: BaseOptions,
  ctx: Ctx,
): Promise<PlannedImage> {
  let away: SlipwayError | undefined;
  if (baseImages !== "archive") {
    try {
      const impatient = baseImages === "auto" && (await isArchiveName(name, baseImages));
      return await engine.pull({ name, platform, impatient, asBase: true }, ctx);
    } catch (error) {
      away = toSlipwayError(error);
      const other = otherPlatforms(name, platform, engine.store);
      if (other && isRefusal(away)) throw other;
      if (baseImages === "registry" || !isAway(away)) throw error;
    }
  }
  if (name.includes("@"))
    throw unknownDigest(name, engine.store, away, await isArchiveName(withoutDigest(name), "auto"));
  const made = await engine.makeBase(name, platform, mirror, ctx).catch((error: unknown) => {
    throw withReason(error, away);
  });
  if (made) return made;
  throw otherPlatforms(name, platform, engine.store) ?? unknownImage(name, away);
}

/** A base of the store as its source has it now: its registry, or the archive. What is nowhere else is used as it is, with a warning. */
async function pulled(
  known: PlannedImage,
  name: string,
  platform: Platform,
  engine: Engine | undefined,
  { baseImages, mirror }: BaseOptions,
  ctx: Ctx,
): Promise<PlannedImage> {
  if (!engine) throw new NeedsRun();
  const ofArchive = isFromArchive(known);
  if (baseImages !== "archive") {
    try {
      const impatient = baseImages === "auto" && !isFromRegistry(known);
      return await engine.pull({ name, platform, impatient, asBase: true }, ctx);
    } catch (error) {
      // A newer one is there or not: nobody can tell, and that is what was asked.
      if (isFromRegistry(known) || !isRefusal(toSlipwayError(error))) throw error;
      if (ofArchive && !isAway(error)) throw error;
    }
  }
  const made =
    ofArchive && baseImages !== "registry" ? await engine.makeBase(name, platform, mirror, ctx, true) : undefined;
  if (made) return made;
  ctx.emit({
    type: "warning",
    message: `Nothing to pull ${name} from: the image of the store is used as it is`,
    hint: "--pull asks the registry, and the Debian archive for the bases that were made from it",
  });
  return known;
}

function isFromArchive({ origin }: PlannedImage): boolean {
  return /^(?:store \()?archive /.test(origin);
}

function isFromRegistry({ origin }: PlannedImage): boolean {
  return /^(?:store \()?registry /.test(origin);
}

/**
 * A name that the archive may have a base for.
 * Throws SLIP_IMAGE_UNKNOWN, where only the archive is asked, for a name of its bases that it has nothing for; otherwise a registry may.
 */
export async function isArchiveName(name: string, baseImages: BaseImages): Promise<boolean> {
  if (name.includes("@") || name.includes("://")) return false;
  // What the cache answers needs nothing of the archive.
  const { parseArchiveName } = await import("../../debian/index.ts");
  try {
    return parseArchiveName(familiarName(parseReference(name))) !== undefined;
  } catch (error) {
    if (baseImages === "archive") throw error;
    return false;
  }
}

/** A registry cannot be reached, or serves nobody now. */
export function isAway(error: unknown): boolean {
  const { code } = toSlipwayError(error);
  return code === "SLIP_NETWORK" || code === "SLIP_REGISTRY";
}

/** A registry gives nothing, for whatever reason. */
function isRefusal(error: SlipwayError): boolean {
  return isAway(error) || error.code === "SLIP_IMAGE_UNKNOWN" || error.code === "SLIP_UNAUTHORIZED";
}

/**
 * The image of the store that a name means as a base. What the archive gave is made again for another platform, and an index may have another; what was
 * built, and what stands under a name alone, is what it is.
 */
function usableBase(store: Store, name: string, platform: Platform): PlannedImage | undefined {
  const known = storedBase(store, name, platform);
  if (!known) return undefined;
  const isAlone = platformFits(known.config, platform) || known.origin === "store" || standsAlone(store, name, known);
  return isAlone ? known : undefined;
}

/** Why an image of the store is none for a platform; undefined where it has none of that name. */
function otherPlatforms(name: string, platform: Platform, store: Store): SlipwayError | undefined {
  const there = store.images.named(name);
  if (there.length === 0) return undefined;
  return new SlipwayError({
    code: "SLIP_IMAGE_UNKNOWN",
    message: `The image ${name} is not for ${formatPlatform(platform)}`,
    hint: `in the store it is for ${there.map(({ config }) => formatPlatform(config)).join(", ")}`,
  });
}

/** @param away why no registry could be asked. */
function unknownImage(name: string, away: SlipwayError | undefined): SlipwayError {
  const registry = away === undefined ? "no registry was asked" : `its registry cannot be asked (${reasonOf(away)})`;
  return new SlipwayError({
    code: "SLIP_IMAGE_UNKNOWN",
    message: `Cannot find the image ${JSON.stringify(name)}: it is no stage, no named context and not in the store, ${registry}, and the Debian archive makes only debian:SUITE[-slim] and gcr.io/distroless/NAME-debian12 and 13`,
    hint: `stand another image in for it: --build-context ${name}=docker-image://debian:bookworm`,
    cause: away,
  });
}

/** That the archive has nothing of that name is one half, where a registry may have had it. */
function withReason(error: unknown, away: SlipwayError | undefined): unknown {
  if (!away || !isSlipwayError(error) || error.code !== "SLIP_IMAGE_UNKNOWN") return error;
  const message = `${error.message}, and its registry cannot be asked (${reasonOf(away)})`;
  return new SlipwayError({ code: error.code, message, hint: error.hint, cause: away });
}

/** A name with a digest, without it. */
function withoutDigest(name: string): string {
  return name.replace(/@.*$/, "");
}

/** What went wrong, without what was tried. */
function reasonOf({ message }: SlipwayError): string {
  return message.replace(/^Cannot (?:look up|pull) \S+: /, "");
}
