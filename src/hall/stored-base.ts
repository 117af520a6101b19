import type { Digest } from "../base/index.ts";
import type { PlannedImage } from "../plan/index.ts";
import type { Store } from "../store/index.ts";

/** An image of the store as a base, with what is known of where it first came from. */
export function storedBase(store: Store, name: string): PlannedImage | undefined {
  const image = store.images.find(name);
  if (!image) return undefined;
  const first = store.facts.get(originKey(image.id)) as string | undefined;
  return { id: image.id, name, config: image.config, origin: storeOrigin(first) };
}

/** `store (archive bookworm 12.15 2026-11-20)`: where it is, then what it was made from, without the mirror of that day. */
function storeOrigin(first: string | undefined): string {
  return first === undefined ? "store" : `store (${first.replace(/ \S+:\/\/\S+/, "")})`;
}

/** Whether an origin says that nothing had to be fetched or made. */
export function fromStore(origin: string): boolean {
  return origin === "store" || origin.startsWith("store (");
}

/** The fact that says where an image that was not built here came from. */
export function originKey(id: Digest): string {
  return `origin ${id}`;
}
