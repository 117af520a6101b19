import type { Digest } from "../../base/index.ts";
import { importedImage, isManifestOf } from "../../import/index.ts";
import { type ImageConfig, parseReference, type Platform } from "../../oci/index.ts";
import type { PlannedImage } from "../../plan/index.ts";
import type { Store } from "../../store/index.ts";

/**
 * An image of the store as a base, with what is known of where it first came from. A name that has a single image gives that, whatever it is
 * for: what was built here for another platform is no less what the name means.
 */
export function storedBase(store: Store, name: string, platform: Platform): PlannedImage | undefined {
  const image = byDigest(store, name, platform) ?? store.images.find(name, platform);
  if (!image) return undefined;
  const first = store.facts.get(originKey(image.id)) as string | undefined;
  return { id: image.id, name, config: image.config, origin: storeOrigin(first) };
}

/** `NAME@DIGEST`: the image of that manifest or index, or of that id if the name is one of its own without the tag. */
function byDigest(
  store: Store,
  name: string,
  platform: Platform,
): { readonly id: Digest; readonly config: ImageConfig } | undefined {
  if (!name.includes("@") || name.startsWith("oci-layout://")) return undefined;
  const { digest, domain, path } = parseReference(name);
  if (digest === undefined) return undefined;
  const imported = importedImage(digest, platform, store);
  if (imported) return imported;
  const own = store.images.names(digest).map((known) => parseReference(known));
  return own.some((known) => known.domain === domain && known.path === path) ? store.images.get(digest) : undefined;
}

/** Whether an image came from a registry under a digest, or under a name, that stood for it alone and not for an index of several. */
export function standsAlone(store: Store, name: string, { id }: Pick<PlannedImage, "id">): boolean {
  const first = store.facts.get(originKey(id)) as string | undefined;
  const asked = name.includes("@") ? name : first?.startsWith("registry ") ? first : undefined;
  const digest = asked && /sha256:[0-9a-f]{64}$/.exec(asked)?.[0];
  return digest !== undefined && digest !== "" && isManifestOf(digest as Digest, id, store);
}

/** `store (archive bookworm 12.15 2026-11-20)`: where it is, then what it was made from, without the mirror of that day. */
function storeOrigin(first: string | undefined): string {
  return first === undefined ? "store" : `store (${first.replace(/ \S+:\/\/\S+/, "")})`;
}

/** Whether an origin says that nothing had to be fetched or made. */
export function fromStore(origin: string): boolean {
  return origin === "store" || origin.startsWith("store (");
}

/** The digest of the packages that a base was made of; undefined for what was not made of the archive. */
export function basePackagesOf(store: Store, id: Digest): Digest | undefined {
  return store.facts.get(packagesKey(id)) as Digest | undefined;
}

/** The fact that says which packages a base was made of. */
export function packagesKey(id: Digest): string {
  return `packages ${id}`;
}

/** The fact that says where an image that was not built here came from. */
export function originKey(id: Digest): string {
  return `origin ${id}`;
}
