import { type Bytes, SlipwayError } from "../base/index.ts";
import {
  checkImage,
  type Descriptor,
  type Document,
  type ImageConfig,
  type Index,
  type Manifest,
  parseConfig,
  type Platform,
  type Reference,
} from "../oci/index.ts";
import { choosePlatform, isIndexDescriptor, noSuchPlatform } from "./choose-platform.ts";
import type { RegistryImage } from "./contract.ts";

/** What an image is put together from. */
export interface Reading {
  /** @param expected what an index says of it */
  manifest(reference: Reference, expected?: Descriptor): Promise<Document<Manifest | Index>>;
  blob<T>(descriptor: Descriptor, use: (bytes: Bytes) => Promise<T>): Promise<T>;
}

/** Indexes in indexes are allowed; deeper than this, nobody means them. */
const deepest = 4;
const configLimit = 8 * 1024 * 1024;

/** The image of a name for a platform: the way through its indexes, the manifest, the configuration. */
export async function pullImage(
  reference: Reference,
  name: string,
  platform: Platform,
  read: Reading,
  lone: "must-fit" | "any-platform" = "must-fit",
): Promise<RegistryImage> {
  const indexes: Document<Index>[] = [];
  let promised = false;
  let document = await read.manifest(reference);
  while (isIndex(document)) {
    indexes.push(document);
    if (indexes.length > deepest) throw invalid(name, `its indexes are nested deeper than ${deepest} levels`);
    const chosen = choosePlatform(document.value, platform);
    if (!chosen) throw noSuchPlatform(name, document.value.manifests, platform);
    promised ||= chosen.platform !== undefined;
    document = await read.manifest({ domain: reference.domain, path: reference.path, digest: chosen.digest }, chosen);
  }
  const manifest = document as Document<Manifest>;
  const config = await readConfig(manifest.value.config, name, read);
  const { os, architecture } = config.value;
  // Only what an index says of platforms can be broken.
  const fits = promised || (os === platform.os && architecture === platform.architecture);
  if (!fits && lone === "must-fit") throw noSuchPlatform(name, [{ platform: config.value }], platform);
  checkImage(config.value, manifest.value.layers.length, promised ? platform : undefined);
  return { indexes, manifest, config };
}

async function readConfig(descriptor: Descriptor, name: string, read: Reading): Promise<Document<ImageConfig>> {
  if (descriptor.size > configLimit) {
    throw invalid(name, `its configuration would have ${descriptor.size} bytes; the limit is ${configLimit}`);
  }
  const bytes = await read.blob(descriptor, async (stream) => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of stream) chunks.push(chunk);
    return Buffer.concat(chunks);
  });
  return { value: parseConfig(bytes), bytes, descriptor };
}

function isIndex(document: Document<Manifest | Index>): document is Document<Index> {
  return isIndexDescriptor(document.descriptor);
}

function invalid(name: string, problem: string): SlipwayError {
  return new SlipwayError({
    code: "SLIP_OCI_INVALID",
    message: `Cannot pull ${name}: ${problem}`,
    hint: "whoever made the image wrote documents that no builder makes",
  });
}
