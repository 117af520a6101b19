import { type Ctx, SlipwayError } from "../base/index.ts";
import type { ImageResolver } from "../plan/index.ts";
import { NeedsRun } from "../solve/index.ts";
import type { Store } from "../store/index.ts";
import type { BaseImages } from "./api.ts";
import type { Engine } from "./engine.ts";
import { storedBase } from "./stored-base.ts";

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
    const known = storedBase(store, name);
    // Its files may be asked for much later, when other stages are done.
    if (known && store.images.use(known.id)) return known;
    if (!engine) throw new NeedsRun();
    if (options.baseImages === "registry") throw noRegistry(name);
    const made = await engine.makeBase(name, platform, options.mirror, ctx);
    if (!made) throw unknownImage(name);
    return made;
  };
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
