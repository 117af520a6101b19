import type { Digest } from "../../base/index.ts";
import type { Attached, ExportImage } from "../../export/index.ts";
import type { AttachedDocument } from "../../import/index.ts";
import type { Descriptor } from "../../oci/index.ts";
import type { Store } from "../../store/index.ts";

/** A manifest about an image whose bytes, and those of what it names, are blobs of the store. */
export interface KeptDocument {
  readonly how: Attached["how"];
  /** As its index or its list of referrers has it. */
  readonly descriptor: Descriptor;
  /** What it names. */
  readonly blobs: readonly Descriptor[];
}

/** What was attached to an image where it came from. */
export interface CameAttached {
  readonly documents: readonly KeptDocument[];
  /** What was asked for it: an index, or the manifest itself; undefined for what came in an archive. */
  readonly root?: Digest | undefined;
}

/** Remembers what was attached to an image, in place of what was known before; it is kept for as long as the image is. */
export function noteAttached(image: Digest, manifest: Digest, attached: CameAttached, store: Store): void {
  const blobs = attached.documents.flatMap((one) => [one.descriptor, ...one.blobs]);
  // Whoever dies between the two has nothing noted, never something that is not kept.
  if (knownAttached(manifest, store)) store.facts.delete(key(manifest));
  store.images.keepBlobs(
    image,
    blobs.map(({ digest }) => digest),
  );
  store.facts.set(key(manifest), attached, image);
}

/** Writes the blobs of what an archive has about an image. */
export async function storeAttached(
  documents: readonly AttachedDocument[],
  store: Store,
): Promise<readonly KeptDocument[]> {
  const kept: KeptDocument[] = [];
  for (const { how, descriptor, bytes, blobs } of documents) {
    for (const blob of [...blobs, { descriptor, bytes }]) await store.blobs.write(once(blob.bytes), blob.descriptor);
    kept.push({ how, descriptor, blobs: blobs.map((blob) => blob.descriptor) });
  }
  return kept;
}

/** What is known to be attached to the image of a manifest; undefined where nobody asked. */
export function knownAttached(manifest: Digest, store: Store): CameAttached | undefined {
  return store.facts.get(key(manifest)) as CameAttached | undefined;
}

/**
 * What goes with an image that leaves as it came; nothing where its manifest is another.
 * @param manifest that it came with
 * @returns undefined when nothing was attached to it
 */
export function cameAttached(manifest: Digest, store: Store): ExportImage["attach"] {
  const { documents = [] } = knownAttached(manifest, store) ?? {};
  if (documents.length === 0) return undefined;
  return async (subject) => {
    if (subject.manifest.digest !== manifest) return [];
    const read = async (descriptor: Descriptor): Promise<Attached["blobs"][number]> => ({
      descriptor,
      bytes: await bytesOf(descriptor.digest, store),
    });
    return Promise.all(
      documents.map(async ({ how, descriptor, blobs }) => ({
        how,
        document: await read(descriptor),
        blobs: await Promise.all(blobs.map(read)),
      })),
    );
  };
}

async function bytesOf(digest: Digest, store: Store): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of store.blobs.read(digest)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

function key(manifest: Digest): string {
  return `attached 2 to ${manifest}`;
}
