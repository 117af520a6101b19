import type { Digest } from "../base/index.ts";
import type { PlannedImage } from "../plan/index.ts";
import type { Store } from "../store/index.ts";

/** An image of the store as a base, with what is known of where it first came from. */
export function storedBase(store: Store, name: string): PlannedImage | undefined {
  const image = store.images.find(name);
  if (!image) return undefined;
  const first = store.facts.get(originKey(image.id)) as string | undefined;
  return { id: image.id, name, config: image.config, origin: first === undefined ? "store" : `store, from ${first}` };
}

/** The fact that says where an image that was not built here came from. */
export function originKey(id: Digest): string {
  return `origin ${id}`;
}
