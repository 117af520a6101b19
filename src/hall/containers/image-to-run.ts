import { type Ctx, isSlipwayError } from "../../base/index.ts";
import { defaultPlatform, parsePlatform } from "../../oci/index.ts";
import type { ImageRecord } from "../../store/index.ts";
import type { RunOptions } from "../api/api.ts";
import { imageResolver } from "../bases/bases.ts";
import type { Engine } from "../engine/engine.ts";
import { findImage } from "../images/find-image.ts";

/**
 * The image that is to be run: of the store, or brought from where a build gets its bases.
 * @throws SLIP_IMAGE_UNKNOWN, and what bringing throws
 */
export async function imageToRun(
  { image: name, platform, pull = "missing" }: Pick<RunOptions, "image" | "platform" | "pull">,
  engine: Engine,
  ctx: Ctx,
): Promise<ImageRecord> {
  const { store } = engine;
  if (pull !== "always") {
    try {
      return findImage(store, name, platform);
    } catch (error) {
      // Of that name, but not for that platform: the registry may have it.
      if (pull === "never" || !isSlipwayError(error) || error.code !== "SLIP_IMAGE_UNKNOWN") throw error;
    }
  }
  const resolve = imageResolver(store, engine, { baseImages: "auto", pull: pull === "always" }, ctx);
  const { id } = await resolve(name, platform === undefined ? defaultPlatform() : parsePlatform(platform));
  return findImage(store, id);
}
