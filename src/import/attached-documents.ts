import type { Digest } from "../base/index.ts";
import { type Descriptor, parseManifest } from "../oci/index.ts";
import type { ImageContent } from "./contract.ts";
import { readDocument } from "./read-document.ts";

/** A manifest about an image (an attestation) with what it names. */
export interface AttachedDocument {
  /** Its index lists it beside the image, or it has the image as its subject (image-spec, manifest.md, "subject"). */
  readonly how: "index" | "referrer";
  readonly descriptor: Descriptor;
  readonly bytes: Uint8Array;
  readonly blobs: readonly { readonly descriptor: Descriptor; readonly bytes: Uint8Array }[];
}

/** Of all that is attached to one image: more is left behind. */
export const attachedLimits = {
  /** Bytes of manifests and of what they name. */
  bytes: 16 << 20,
  /** Bytes of all that one archive has, for all of its images. */
  ofArchive: 256 << 20,
  /** Manifests. */
  documents: 32,
  /** Blobs that one of them names. */
  blobs: 64,
} as const;

/** The image that a manifest is about, as BuildKit says it; undefined for images. */
export function subjectOf({ annotations }: Descriptor): Digest | undefined {
  if (annotations?.["vnd.docker.reference.type"] === undefined) return undefined;
  return (annotations["vnd.docker.reference.digest"] ?? "") as Digest;
}

/** Beginnings of the types that attestations have as referrers: statements, envelopes and bundles of them, and plain SBOMs. */
const attestationTypes = [
  "application/vnd.in-toto",
  "application/vnd.dsse.envelope",
  "application/vnd.dev.sigstore.bundle",
  "application/spdx",
  "application/vnd.cyclonedx",
];

/** Whether what refers to an image is an attestation, by its `artifactType`. */
export function isAttestationType(type: unknown): boolean {
  if (typeof type !== "string") return false;
  return attestationTypes.some((start) => type.startsWith(start) && /^[.+]/.test(type.slice(start.length)));
}

interface Referring {
  readonly subject?: { readonly digest?: unknown } | null;
  readonly artifactType?: unknown;
  readonly config?: { readonly mediaType?: unknown } | null;
}

/** A manifest's own word about what it is and what it refers to; nothing where it is no manifest. */
export function referrerOf(bytes: Uint8Array): { readonly subject: unknown; readonly artifactType: unknown } {
  const { subject, artifactType, config } = jsonOf(bytes) ?? {};
  // One without a type of its own is known by its configuration's (distribution-spec, "Pushing Manifests with Subject").
  const type = typeof artifactType === "string" && artifactType !== "" ? artifactType : config?.mediaType;
  return { subject: subject?.digest, artifactType: type };
}

function jsonOf(bytes: Uint8Array): Referring | null | undefined {
  try {
    return JSON.parse(Buffer.from(bytes).toString()) as Referring | null;
  } catch {
    return undefined;
  }
}

/** What was read of one archive: thousands of its images may name the same, or each another. */
interface Reading {
  readonly documents: Map<Digest, Promise<Uint8Array>>;
  left: number;
}
const readings = new WeakMap<ImageContent, Reading>();

/**
 * What is attached to an image, whole, each digest verified.
 * @param has whether a blob is there
 * @returns undefined when something of it is not there, or when it is too much to keep
 */
export async function attachedDocuments(
  content: ImageContent,
  how: AttachedDocument["how"],
  descriptors: readonly Descriptor[],
  has: (digest: Digest) => boolean,
): Promise<readonly AttachedDocument[] | undefined> {
  let left: number = attachedLimits.bytes;
  const reading = readings.get(content) ?? { documents: new Map(), left: attachedLimits.ofArchive };
  readings.set(content, reading);
  const read = async (descriptor: Descriptor): Promise<Uint8Array | undefined> => {
    left -= descriptor.size;
    if (!has(descriptor.digest) || left < 0) return undefined;
    const before = reading.documents.get(descriptor.digest);
    if (before) return (await before).length === descriptor.size ? before : undefined;
    reading.left -= descriptor.size;
    if (reading.left < 0) return undefined;
    const bytes = readDocument(content, descriptor, attachedLimits.bytes);
    reading.documents.set(descriptor.digest, bytes);
    return bytes;
  };
  if (descriptors.length > attachedLimits.documents) return undefined;
  const found: AttachedDocument[] = [];
  for (const descriptor of descriptors) {
    const bytes = await read(descriptor);
    if (!bytes) return undefined;
    const { config, layers } = parseManifest(bytes);
    if (layers.length >= attachedLimits.blobs) return undefined;
    const blobs: AttachedDocument["blobs"][number][] = [];
    for (const part of [config, ...layers]) {
      const blob = await read(part);
      if (!blob) return undefined;
      blobs.push({ descriptor: part, bytes: blob });
    }
    found.push({ how, descriptor, bytes, blobs });
  }
  return found;
}
