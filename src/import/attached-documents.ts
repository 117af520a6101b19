import type { Digest } from "../base/index.ts";
import { type Descriptor, parseManifest } from "../oci/index.ts";
import type { ImageContent } from "./contract.ts";
import { readDocument } from "./read-document.ts";

/** A manifest about an image (an attestation), as an index lists it beside the image, with what it names. */
export interface AttachedDocument {
  readonly descriptor: Descriptor;
  readonly bytes: Uint8Array;
  readonly blobs: readonly { readonly descriptor: Descriptor; readonly bytes: Uint8Array }[];
}

/** Bytes of all that is attached to an image: more is left behind. */
const most = 16 << 20;

/** The image that a manifest is about, as BuildKit says it; undefined for images. */
export function subjectOf({ annotations }: Descriptor): Digest | undefined {
  if (annotations?.["vnd.docker.reference.type"] === undefined) return undefined;
  return (annotations["vnd.docker.reference.digest"] ?? "") as Digest;
}

/**
 * What is attached to an image by its index, whole, each digest verified.
 * @param has whether a blob is there
 * @returns undefined when something of it is not there, or when it is too much to keep
 */
export async function attachedDocuments(
  content: ImageContent,
  descriptors: readonly Descriptor[],
  has: (digest: Digest) => boolean,
): Promise<readonly AttachedDocument[] | undefined> {
  let left = most;
  const read = async (descriptor: Descriptor): Promise<Uint8Array | undefined> => {
    left -= descriptor.size;
    return has(descriptor.digest) && left >= 0 ? readDocument(content, descriptor, most) : undefined;
  };
  const found: AttachedDocument[] = [];
  for (const descriptor of descriptors) {
    const bytes = await read(descriptor);
    if (!bytes) return undefined;
    const { config, layers } = parseManifest(bytes);
    const blobs: AttachedDocument["blobs"][number][] = [];
    for (const part of [config, ...layers]) {
      const blob = await read(part);
      if (!blob) return undefined;
      blobs.push({ descriptor: part, bytes: blob });
    }
    found.push({ descriptor, bytes, blobs });
  }
  return found;
}
