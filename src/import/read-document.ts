import { type Bytes, type Digest, Hasher, SlipwayError } from "../base/index.ts";
import {
  bestPlatform,
  type Descriptor,
  formatPlatform,
  type Index,
  type Manifest,
  parseManifestOrIndex,
  type Platform,
} from "../oci/index.ts";
import type { ImageContent } from "./contract.ts";

/** More than any manifest or configuration (bytes). */
const documentLimit = 4 << 20;
/** Indexes within indexes. */
const deepest = 4;

/** A blob's bytes, checked on the way: at the end they are the promised ones, or SLIP_DIGEST_MISMATCH is thrown. */
export async function* verified(
  content: ImageContent,
  descriptor: Pick<Descriptor, "digest" | "size" | "mediaType">,
): Bytes {
  const hasher = new Hasher();
  let size = 0;
  for await (const chunk of content.blob(descriptor)) {
    size += chunk.length;
    if (size > descriptor.size) throw mismatch(content, descriptor, `has more than ${descriptor.size} bytes`);
    hasher.update(chunk);
    yield chunk;
  }
  if (size !== descriptor.size) throw mismatch(content, descriptor, `has ${size} bytes instead of ${descriptor.size}`);
  const digest = hasher.digest();
  if (digest !== descriptor.digest) throw mismatch(content, descriptor, `has the digest ${digest}`);
}

/** A small blob in memory, verified. */
export async function readDocument(
  content: ImageContent,
  descriptor: Pick<Descriptor, "digest" | "size" | "mediaType">,
  limit = documentLimit,
): Promise<Uint8Array> {
  if (descriptor.size > limit) {
    throw invalid(content, `${descriptor.digest} is larger than ${limit} bytes`);
  }
  const chunks: Uint8Array[] = [];
  for await (const chunk of verified(content, descriptor)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** A manifest with the descriptor that it was found by. */
export interface FoundManifest {
  readonly descriptor: Descriptor;
  /** Indexes that led to it. */
  readonly indexes: readonly Digest[];
  readonly manifest: Manifest;
}

/**
 * Follows indexes to the manifest for a platform (image-spec, image-index.md). A manifest that is named itself is taken, whatever it is for.
 * @throws SLIP_IMAGE_UNKNOWN when none is for the platform, SLIP_OCI_INVALID, SLIP_DIGEST_MISMATCH
 */
export async function findManifest(
  content: ImageContent,
  target: Descriptor,
  platform: Platform,
): Promise<FoundManifest> {
  let descriptor = target;
  const indexes: Digest[] = [];
  for (let depth = 0; depth <= deepest; depth++) {
    const document = parseManifestOrIndex(await readDocument(content, descriptor));
    if (!isIndex(document)) return { descriptor, indexes, manifest: document };
    indexes.push(descriptor.digest);
    descriptor = choose(content, document, platform);
  }
  throw invalid(content, `its indexes are nested deeper than ${deepest}`);
}

function choose(content: ImageContent, { manifests }: Index, platform: Platform): Descriptor {
  const images = manifests.filter(({ annotations }) => annotations?.["vnd.docker.reference.type"] === undefined);
  const candidates = images.flatMap((descriptor) =>
    descriptor.platform === undefined ? [] : [{ descriptor, platform: descriptor.platform }],
  );
  const best = bestPlatform(candidates, platform)?.descriptor;
  const [only, ...others] = images;
  const found = best ?? (only && others.length === 0 && only.platform === undefined ? only : undefined);
  if (found) return found;
  const there = candidates.map((candidate) => formatPlatform(candidate.platform)).join(", ") || "none that says so";
  throw new SlipwayError({
    code: "SLIP_IMAGE_UNKNOWN",
    message: `Cannot find an image for ${formatPlatform(platform)} in ${content.name}`,
    hint: `it has images for ${there}`,
  });
}

function isIndex(document: Manifest | Index): document is Index {
  return "manifests" in document;
}

export function invalid(content: ImageContent, why: string): SlipwayError {
  return new SlipwayError({ code: "SLIP_OCI_INVALID", message: `Cannot use ${content.name}: ${why}` });
}

function mismatch(content: ImageContent, { digest }: Pick<Descriptor, "digest">, what: string): SlipwayError {
  return new SlipwayError({
    code: "SLIP_DIGEST_MISMATCH",
    message: `Cannot use ${content.name}: the blob ${digest} ${what}`,
    hint: "it is damaged or was changed; get the image again",
  });
}
