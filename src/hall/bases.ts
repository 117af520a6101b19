import { type Ctx, SlipwayError } from "../base/index.ts";
import { formatPlatform, type Platform, platformFits } from "../oci/index.ts";
import type { ImageResolver, PlannedImage } from "../plan/index.ts";
import { NeedsRun } from "../solve/index.ts";
import type { Store } from "../store/index.ts";
import type { BaseImages } from "./api.ts";
import type { Engine } from "./engine.ts";
import { layoutBase, unknownDigest } from "./layout-base.ts";
import { storedBase } from "./stored-base.ts";

export interface BaseOptions {
  readonly baseImages: BaseImages;
  readonly mirror?: string | undefined;
  /** Ask the archive again for what came from it. */
  readonly pull?: boolean | undefined;
  /** Nothing is built from them: what is looked up is not marked as used. */
  readonly planning?: boolean | undefined;
}

/**
 * Finds base images: in the store, then in the Debian archive (registries are a later source).
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
    if (!engine) throw new NeedsRun();
    if (name.includes("@")) throw unknownDigest(name, store);
    if (options.baseImages === "registry") throw noRegistry(name);
    const made = await engine.makeBase(name, platform, options.mirror, ctx);
    if (!made) throw otherPlatforms(name, platform, store) ?? unknownImage(name);
    return made;
  };
}

/** A base that came from the archive, as it would come from there now; any other as it is, with a warning. */
async function pulled(
  known: PlannedImage,
  name: string,
  platform: Platform,
  engine: Engine | undefined,
  { mirror }: BaseOptions,
  ctx: Ctx,
): Promise<PlannedImage> {
  const again = isFromArchive(known);
  if (again && !engine) throw new NeedsRun();
  const made = again ? await engine?.makeBase(name, platform, mirror, ctx, true) : undefined;
  if (made) return made;
  ctx.emit({
    type: "warning",
    message: `Nothing to pull ${name} from: the image of the store is used as it is`,
    hint: "--pull asks the Debian archive for the bases that were made from it",
  });
  return known;
}

export function isFromArchive({ origin }: PlannedImage): boolean {
  return /^(?:store \()?archive /.test(origin);
}

/** The image of the store that a name means as a base. What the archive gave is made again for another platform; what was built is what it is. */
function usableBase(store: Store, name: string, platform: Platform): PlannedImage | undefined {
  const known = storedBase(store, name, platform);
  return known && (platformFits(known.config, platform) || known.origin === "store") ? known : undefined;
}

export function noRegistry(name: string): SlipwayError {
  return new SlipwayError({
    code: "SLIP_UNSUPPORTED",
    message: `Cannot pull ${name}: registries are not supported yet`,
    hint: "use --base-images=auto or archive for debian images, or --build-context NAME=docker-image://IMAGE for one in the store",
  });
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

export function unknownImage(name: string): SlipwayError {
  return new SlipwayError({
    code: "SLIP_IMAGE_UNKNOWN",
    message: `Cannot find the image ${JSON.stringify(name)}: it is no stage, no named context and not in the store, and the Debian archive makes only debian:SUITE[-slim]`,
    hint: `stand another image in for it: --build-context ${name}=docker-image://debian:bookworm`,
  });
}
