import type { Digest } from "../../base/index.ts";
import type { ExportImage } from "../../export/index.ts";
import type { AttachedDocument } from "../../import/index.ts";
import { type Descriptor, describe } from "../../oci/index.ts";
import type { Store } from "../../store/index.ts";

interface Noted {
  readonly descriptor: Descriptor;
  readonly text: string;
  readonly blobs: readonly { readonly mediaType: string; readonly text: string }[];
}

/** Remembers what was attached to an image where it came from. */
export function noteAttached(
  image: Digest,
  manifest: Digest,
  documents: readonly AttachedDocument[],
  store: Store,
): void {
  const noted = documents.map(({ descriptor, bytes, blobs }): Noted => ({
    descriptor,
    text: encode(bytes),
    blobs: blobs.map((blob) => ({ mediaType: blob.descriptor.mediaType, text: encode(blob.bytes) })),
  }));
  store.facts.set(key(manifest), noted, image);
}

/**
 * What goes with an image that leaves as it came; nothing where its manifest is another.
 * @param manifest that it came with
 * @returns undefined when nothing was attached to it
 */
export function cameAttached(manifest: Digest, store: Store): ExportImage["attach"] {
  const noted = store.facts.get(key(manifest)) as readonly Noted[] | undefined;
  if (!noted) return undefined;
  return async (subject) => {
    if (subject.manifest.digest !== manifest) return [];
    return noted.map(({ descriptor, text, blobs }) => ({
      how: "index" as const,
      document: { descriptor, bytes: Buffer.from(text, "base64") },
      blobs: blobs.map((blob) => {
        const bytes = Buffer.from(blob.text, "base64");
        return { descriptor: describe(bytes, blob.mediaType), bytes };
      }),
    }));
  };
}

function key(manifest: Digest): string {
  return `attached to ${manifest}`;
}

function encode(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64");
}
