import { type Digest, sha256 } from "../../base/index.ts";
import { defaultLevel } from "../../layer/index.ts";
import {
  describe,
  type Descriptor,
  type Document,
  type Index,
  layerCompression,
  type Manifest,
  parseIndex,
  parseManifest,
  parseReference,
  type Reference,
} from "../../oci/index.ts";
import type { CameBlob } from "../../export/index.ts";
import type { Store } from "../../store/index.ts";

/** More than anyone asks a registry for. */
const most = 4;

/** Repositories that have a blob, as far as this store has seen them. */
export function repositoriesOf(blob: Digest, store: Store): readonly Reference[] {
  const known = store.facts.get(repositoriesKey(blob)) as readonly string[] | undefined;
  return (known ?? []).map((repository) => parseReference(repository));
}

/** Remembers that a repository has these blobs: others of its registry can take them from there. */
export function noteRepository({ domain, path }: Reference, blobs: readonly Descriptor[], store: Store): void {
  const own = `${domain}/${path}`;
  for (const { digest } of blobs) {
    const known = (store.facts.get(repositoriesKey(digest)) as readonly string[] | undefined) ?? [];
    if (known[0] === own) continue;
    store.facts.set(repositoriesKey(digest), [own, ...known.filter((other) => other !== own)].slice(0, most));
  }
}

/** Remembers an image's manifest as its registry has it. */
export function noteDocument(id: Digest, { bytes, descriptor }: Document<Manifest>, store: Store): void {
  store.facts.set(
    documentKey(id),
    { mediaType: descriptor.mediaType, text: Buffer.from(bytes).toString("base64") },
    id,
  );
}

/** The digest of the manifest that an image came with; undefined for one that was made here. */
export function cameManifest(id: Digest, store: Store): Digest | undefined {
  const known = store.facts.get(documentKey(id)) as { readonly text: string } | undefined;
  return known && sha256(Buffer.from(known.text, "base64"));
}

/** Remembers the index that the images of a name came with, in their order. */
export function noteIndex(
  [first, ...others]: readonly Digest[],
  { bytes, descriptor }: Document<Index>,
  store: Store,
): void {
  if (first === undefined) return;
  const text = Buffer.from(bytes).toString("base64");
  store.facts.set(indexKey([first, ...others]), { mediaType: descriptor.mediaType, text }, first);
}

/** What the name of this image stands for is no index, or another than before. */
export function forgetIndex(id: Digest, store: Store): void {
  if (store.facts.get(indexKey([id])) !== undefined) store.facts.delete(indexKey([id]));
}

/** The index that these images came with, together or one after the other. */
export function cameIndex(ids: readonly Digest[], store: Store): Document<Index> | undefined {
  type Known = { readonly mediaType: string; readonly text: string } | undefined;
  const keys = [ids, ...ids.map((id) => [id])].map(indexKey);
  const known = keys.map((key) => store.facts.get(key) as Known).find((one) => one !== undefined);
  if (!known) return undefined;
  const bytes = Buffer.from(known.text, "base64");
  return { value: parseIndex(bytes), bytes, descriptor: describe(bytes, known.mediaType) };
}

/** Remembers which blobs the layers of an image that came in were, so that they leave as the same. */
export async function noteLayers(
  { id, manifest }: { readonly id: Digest; readonly manifest: Manifest },
  store: Store,
): Promise<void> {
  const diffIds = store.images.get(id)?.config.rootfs.diff_ids ?? [];
  for (const [at, { mediaType, digest, size }] of manifest.layers.entries()) {
    const [compression, diffId] = [layerCompression(mediaType), diffIds[at]];
    if (compression === undefined || diffId === undefined) continue;
    // Those that come later are noted then.
    if (await store.blobs.stat(digest)) {
      store.layerBlobs.put({ diffId, compression, level: defaultLevel[compression], digest, size });
    }
    store.facts.set(cameKey(diffId), compression, id);
  }
}

/** The blob that a layer came in as, while it is here; undefined for layers that were made here. */
export function cameAs(diffId: Digest, store: Store): CameBlob | undefined {
  const compression = store.facts.get(cameKey(diffId)) as CameBlob["compression"] | undefined;
  if (compression === undefined) return undefined;
  const blob = store.layerBlobs.get(diffId, compression, defaultLevel[compression]);
  return blob && { compression, digest: blob.digest, size: blob.size };
}

/** Whether a layer came in uncompressed. */
export function camePlain(diffId: Digest, store: Store): boolean {
  return store.facts.get(cameKey(diffId)) === "none";
}

/** The manifest that an image came with, while all its layers' blobs are here or can be brought: it can go out just as it came. */
export function pulledManifest(id: Digest, store: Store): Document<Manifest> | undefined {
  const known = store.facts.get(documentKey(id)) as { readonly mediaType: string; readonly text: string } | undefined;
  if (!known) return undefined;
  const bytes = Buffer.from(known.text, "base64");
  const value = parseManifest(bytes);
  const image = store.images.get(id);
  const diffIds = image?.config.rootfs.diff_ids ?? [];
  const there = value.layers.every(({ mediaType, digest }, at) => {
    const [compression, diffId] = [layerCompression(mediaType), diffIds[at]];
    if (compression === undefined || diffId === undefined) return false;
    const snapshot = image?.snapshots[at];
    if (snapshot !== undefined && store.remoteLayers.origin(snapshot)?.blob.digest === digest) return true;
    // One that is not kept is made anew from its folder, as it was.
    if (compression === "none" && digest === diffId && camePlain(diffId, store)) return true;
    return store.layerBlobs.get(diffId, compression, defaultLevel[compression])?.digest === digest;
  });
  return there ? { value, bytes, descriptor: describe(bytes, known.mediaType) } : undefined;
}

function cameKey(diffId: Digest): string {
  return `came ${diffId}`;
}

function repositoriesKey(blob: Digest): string {
  return `repositories ${blob}`;
}

function indexKey(ids: readonly Digest[]): string {
  return `index of ${ids.join()}`;
}

function documentKey(id: Digest): string {
  return `manifest of ${id}`;
}
