import { SlipwayError } from "../../base/index.ts";
import { formatPlatform, parsePlatform, platformFits } from "../../oci/index.ts";
import type { ImageRecord, Store } from "../../store/index.ts";

/**
 * The image of a name or id.
 * @param platform which one of a name for several; one that was asked for by name must be there. This machine's without it, or else the first.
 * Throws SLIP_IMAGE_UNKNOWN, SLIP_USAGE for what is no platform.
 */
export function findImage(store: Store, name: string, platform?: string): ImageRecord {
  const wanted = platform === undefined ? undefined : parsePlatform(platform);
  const image = store.images.find(name, wanted);
  if (image && (!wanted || platformFits(image.config, wanted))) return image;
  const there = image ? [image] : store.images.named(name);
  if (wanted && there.length > 0) {
    throw new SlipwayError({
      code: "SLIP_IMAGE_UNKNOWN",
      message: `The image ${name} is not for ${formatPlatform(wanted)}`,
      hint: `it is for ${there.map(({ config }) => formatPlatform(config)).join(", ")}`,
    });
  }
  throw new SlipwayError({
    code: "SLIP_IMAGE_UNKNOWN",
    message: `No such image: ${name}`,
    hint: "`slipway images` lists those in the store",
  });
}
