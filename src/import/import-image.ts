import { type Digest, digestOf, SlipwayError } from "../base/index.ts";
import {
  checkImage,
  type Descriptor,
  formatPlatform,
  layerCompression,
  type Manifest,
  parseConfig,
  type Platform,
} from "../oci/index.ts";
import type { SnapshotId, SnapshotRecord, Store } from "../store/index.ts";
import type { ImageContent, ImportedImage, ImportRooms } from "./contract.ts";
import { type FoundManifest, invalid, readDocument, verified } from "./read-document.ts";

/**
 * Takes an image into the store, without a name: every blob verified, layers unpacked as folders of changes or left where they are, those that another
 * image brought shared.
 * The image is found again by the digest of its manifest (see importedImage).
 * @throws SLIP_DIGEST_MISMATCH, SLIP_LAYER_INVALID, SLIP_OCI_INVALID, SLIP_CANCELLED; nothing half-made stays
 */
export async function importImage(
  content: ImageContent,
  { descriptor, indexes, manifest }: FoundManifest,
  rooms: ImportRooms,
): Promise<ImportedImage> {
  const { store } = rooms;
  const bytes = await readDocument(content, manifest.config);
  const config = parseConfig(bytes);
  checkImage(config, manifest.layers.length);
  await checkLayers(content, manifest);
  const snapshots = await importLayers(content, manifest, config.rootfs.diff_ids, rooms);
  const id = manifest.config.digest;
  const size = snapshots.reduce((sum, layer) => sum + (store.snapshots.get(layer)?.size ?? 0), 0);
  const created = config.created === undefined ? Number.NaN : Date.parse(config.created);
  store.images.put({ id, config, snapshots, size, created: Number.isNaN(created) ? 0 : created }, bytes);
  noteManifest({ id, config }, descriptor.digest, indexes, store);
  return { id, config };
}

/**
 * Remembers by which digests an image is known elsewhere.
 * @param indexes those that have its manifest for its platform.
 */
export function noteManifest(
  { id, config }: ImportedImage,
  manifest: Digest,
  indexes: readonly Digest[],
  store: Store,
): void {
  store.facts.set(manifestKey(manifest), id, id);
  for (const index of indexes) store.facts.set(indexKey(index, config), id, id);
}

/**
 * The image that was once imported, if it is still there.
 * @param digest of its manifest, or of an index that has it for the platform.
 */
export function importedImage(digest: Digest, platform: Platform, store: Store): ImportedImage | undefined {
  const id = (store.facts.get(manifestKey(digest)) ?? store.facts.get(indexKey(digest, platform))) as
    | Digest
    | undefined;
  const image = id && store.images.get(id);
  return image && { id: image.id, config: image.config };
}

/** Whether a digest is that of the manifest of an image, and not that of an index. */
export function isManifestOf(digest: Digest, id: Digest, store: Store): boolean {
  return store.facts.get(manifestKey(digest)) === id;
}

/** The fact that leads from a manifest to its image. */
function manifestKey(manifest: Digest): string {
  return `manifest ${manifest}`;
}

/** The fact that leads from an index to its image for a platform. */
function indexKey(index: Digest, platform: Platform): string {
  return `index ${index} ${formatPlatform(platform)}`;
}

async function importLayers(
  content: ImageContent,
  manifest: Manifest,
  diffIds: readonly Digest[],
  rooms: ImportRooms,
): Promise<readonly SnapshotId[]> {
  const { store, signal, onProgress } = rooms;
  const total = manifest.layers.reduce((sum, { size }) => sum + size, 0);
  const snapshots: SnapshotId[] = [];
  let done = 0;
  const keyOf = (at: number): Digest => digestOf({ layers: diffIds.slice(0, at + 1), squashed: rooms.squashOwners });
  for (const [at, layer] of manifest.layers.entries()) {
    if (signal.aborted) throw new SlipwayError({ code: "SLIP_CANCELLED", message: "Cancelled" });
    const key = keyOf(at);
    const known = store.records.get(key)?.snapshot;
    // The record of another chain of the same layers: it may have been taken in by another run of this.
    const usable = known !== undefined && store.snapshots.get(known)?.parent === snapshots.at(-1);
    if (usable && store.remoteLayers.origin(known)?.blob.digest === layer.digest) {
      for (const source of rooms.sources ?? []) store.remoteLayers.addSource(known, source);
    }
    const count = (bytes: number): void => onProgress?.(done + bytes, total);
    snapshots.push(
      usable
        ? known
        : await importLayer(content, layer, diffIds[at] as Digest, { key, below: snapshots, count }, rooms),
    );
    done += layer.size;
    onProgress?.(done, total);
  }
  return snapshots;
}

async function importLayer(
  content: ImageContent,
  layer: Descriptor,
  diffId: Digest,
  place: { readonly key: Digest; readonly below: readonly SnapshotId[]; readonly count: (bytes: number) => void },
  rooms: ImportRooms,
): Promise<SnapshotId> {
  const { store, snapshotter, overlayXattrs, squashOwners, signal, sources, limits } = rooms;
  const { key, below } = place;
  const note = ({ id, created }: SnapshotRecord): SnapshotId => {
    store.records.put({ key, identity: key, snapshot: id, created, description: `layer ${diffId}` }, { replace: true });
    return id;
  };
  if (sources) return note(store.remoteLayers.publish({ parent: below.at(-1), diffId, blob: layer, sources }));
  // A build that finds its images in the store needs none of it.
  const { unpackLayer } = await import("../layer/index.ts");
  await using active = await snapshotter.prepare(below.at(-1));
  await unpackLayer({
    source: counted(verified(content, layer), place.count),
    upper: active.upper,
    overlayXattrs,
    owner: squashOwners ? "squash" : "keep",
    expectedDiffId: diffId,
    limits,
    lower: below.map((id) => store.snapshots.folder(id)).toReversed(),
    signal,
  });
  return note(await active.commit({ diffId }));
}

async function* counted(source: AsyncIterable<Uint8Array>, count: (bytes: number) => void): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  for await (const chunk of source) {
    bytes += chunk.length;
    count(bytes);
    yield chunk;
  }
}

async function checkLayers(content: ImageContent, { layers }: Manifest): Promise<void> {
  const { maxLayers } = await import("../snapshot/index.ts");
  // None of them could be used.
  if (layers.length > maxLayers) {
    throw invalid(content, `it has ${layers.length} layers, and the kernel stacks ${maxLayers}`);
  }
  for (const { mediaType } of layers) {
    if (layerCompression(mediaType) !== undefined) continue;
    throw invalid(content, `${JSON.stringify(mediaType)} is no layer of files that slipway knows`);
  }
}
