import type { Digest } from "../../base/index.ts";
import { importedImage } from "../../import/index.ts";
import { defaultPlatform, type Descriptor } from "../../oci/index.ts";
import type { Store } from "../../store/index.ts";
import { pulledManifest } from "../registry/known-blobs.ts";

/** Remembers which blobs a manifest that an engine got has: an engine that has the manifest has them. */
export function noteBlobs(manifest: Digest, layers: readonly Descriptor[], store: Store): void {
  const blobs = layers.map(({ digest, size }) => ({ digest, size }));
  store.facts.set(manifestKey(manifest), blobs);
  for (const { digest, size } of blobs) store.facts.set(sizeKey(digest), size);
}

/** Digests of the layers of a manifest that went through this store, to an engine or from a registry; none of others. */
export function blobsOfManifest(manifest: Digest, store: Store): readonly Digest[] {
  const noted = store.facts.get(manifestKey(manifest)) as readonly { readonly digest: Digest }[] | undefined;
  if (noted) return noted.map(({ digest }) => digest);
  const image = importedImage(manifest, defaultPlatform(), store);
  const document = image && pulledManifest(image.id, store);
  return document?.descriptor.digest === manifest ? document.value.layers.map(({ digest }) => digest) : [];
}

/** Bytes of a blob that an engine got. */
export function notedSize(blob: Digest, store: Store): number | undefined {
  return store.facts.get(sizeKey(blob)) as number | undefined;
}

function manifestKey(manifest: Digest): string {
  return `docker manifest ${manifest}`;
}

function sizeKey(blob: Digest): string {
  return `docker blob ${blob}`;
}
