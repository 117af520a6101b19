import { SlipwayError } from "../base/index.ts";
import type { ImageRecord, Store } from "../store/index.ts";

/** The image of a name or id. Throws SLIP_IMAGE_UNKNOWN. */
export function findImage(store: Store, name: string): ImageRecord {
  const image = store.images.find(name);
  if (image) return image;
  throw new SlipwayError({
    code: "SLIP_IMAGE_UNKNOWN",
    message: `No such image: ${name}`,
    hint: "`slipway images` lists those in the store",
  });
}
