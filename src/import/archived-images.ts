import { type Bytes, type Digest, SlipwayError } from "../base/index.ts";
import {
  type Descriptor,
  describe,
  type Document,
  formatReference,
  type Index,
  isValidTag,
  makeManifest,
  type Manifest,
  mediaTypes,
  parseIndex,
  parseManifest,
  parseManifestOrIndex,
  parseReference,
} from "../oci/index.ts";
import {
  type AttachedDocument,
  attachedDocuments,
  isAttestationType,
  referrerOf,
  subjectOf,
} from "./attached-documents.ts";
import type { ImageContent } from "./contract.ts";
import { type ArchivedFile, type ImageArchive, readArchived, refused } from "./image-archive.ts";
import { readDocument } from "./read-document.ts";

/** An image of an archive, for one platform. */
export interface ArchivedImage {
  readonly descriptor: Descriptor;
  /** Indexes that led to it. */
  readonly indexes: readonly Digest[];
  readonly manifest: Document<Manifest>;
  /** The archive has the manifest itself: it can leave as it came. */
  readonly whole: boolean;
  readonly content: ImageContent;
  /** What its index has about it, and what refers to it; undefined when that is not there whole, or too much to keep. */
  readonly attached: readonly AttachedDocument[] | undefined;
}

/** Images that stand behind the same names: one, or one a platform. */
export interface ArchivedImages {
  /** Whole references; none for an image that has only an id. */
  readonly names: readonly string[];
  readonly images: readonly ArchivedImage[];
  /** What the names stand for, where it is an index. */
  readonly index?: Document<Index> | undefined;
}

/** Indexes within indexes. */
const deepest = 4;
/** Bytes of manifest.json and index.json. */
const documentLimit = 8 << 20;

/**
 * Finds the images of an archive: an OCI image layout, or else a docker archive. Where an index lists images whose blobs are not there, the others count.
 * @throws SLIP_OCI_INVALID, SLIP_DIGEST_MISMATCH
 */
export async function archivedImages(archive: ImageArchive): Promise<readonly ArchivedImages[]> {
  const [layout, index, list] = ["oci-layout", "index.json", "manifest.json"].map((name) => archive.find(name));
  const tagged = list ? parseList(await text(list, archive), archive) : [];
  if (layout && index) return layoutImages(archive, parseIndex(await text(index, archive)), tagged);
  if (list) return Promise.all(tagged.map((entry) => dockerImage(archive, entry)));
  const legacy = archive.find("repositories") !== undefined;
  throw refused(
    archive.name,
    legacy ? "docker wrote it before version 1.10" : "it is neither an OCI image layout nor a docker archive",
  );
}

async function layoutImages(
  archive: ImageArchive,
  { manifests }: Index,
  tagged: readonly ListEntry[],
): Promise<readonly ArchivedImages[]> {
  const content = contentOf(archive);
  const roots = new Map<Digest, { readonly descriptor: Descriptor; readonly names: Set<string> }>();
  for (const descriptor of manifests) {
    const root = roots.get(descriptor.digest) ?? { descriptor, names: new Set() };
    roots.set(descriptor.digest, root);
    const name = nameOf(descriptor);
    if (name !== undefined) root.names.add(name);
  }
  const referrers = await attestationsIn(archive, content, manifests);
  const found: ArchivedImages[] = [];
  for (const { descriptor, names } of roots.values()) {
    const images = await Promise.all(
      (await imagesBehind(archive, content, descriptor, [])).map(async (image) => {
        const own = referrers.get(image.descriptor.digest) ?? [];
        return withAttached(image, await attachedDocuments(content, "referrer", own, hasIn(archive)));
      }),
    );
    for (const image of images) {
      const list = tagged.filter(({ config }) => config.endsWith(image.manifest.value.config.digest.slice(7)));
      for (const { names: others } of list) for (const name of others) names.add(name);
    }
    if (images.length === 0) continue;
    const bytes = images[0]?.indexes.length === 0 ? undefined : await readDocument(content, descriptor);
    const index = bytes && { value: parseIndex(bytes), bytes, descriptor };
    found.push({ names: [...names], images, index });
  }
  if (found.length > 0) return found;
  throw refused(archive.name, manifests.length === 0 ? "it has no images" : "blobs of its images are missing");
}

/** Attestations that a layout lists beside its images, by what they refer to. */
async function attestationsIn(
  archive: ImageArchive,
  content: ImageContent,
  manifests: readonly Descriptor[],
): Promise<ReadonlyMap<unknown, readonly Descriptor[]>> {
  const found = new Map<unknown, readonly Descriptor[]>();
  for (const descriptor of manifests) {
    if (descriptor.mediaType !== mediaTypes.oci.manifest || !hasIn(archive)(descriptor.digest)) continue;
    const { subject, artifactType } = referrerOf(await readDocument(content, descriptor));
    if (subject === undefined || !isAttestationType(artifactType)) continue;
    found.set(subject, [...(found.get(subject) ?? []), descriptor]);
  }
  return found;
}

function hasIn(archive: ImageArchive): (digest: Digest) => boolean {
  return (digest) => archive.find(blobPath(digest)) !== undefined;
}

function withAttached(image: ArchivedImage, more: readonly AttachedDocument[] | undefined): ArchivedImage {
  return { ...image, attached: image.attached && more && [...image.attached, ...more] };
}

async function imagesBehind(
  archive: ImageArchive,
  content: ImageContent,
  descriptor: Descriptor,
  indexes: readonly Digest[],
): Promise<readonly ArchivedImage[]> {
  if (indexes.length > deepest) throw refused(archive.name, `its indexes are nested deeper than ${deepest}`);
  const file = archive.find(blobPath(descriptor.digest));
  if (!file) {
    // What an index lists may have been left out on purpose: other platforms.
    if (indexes.length > 0) return [];
    throw refused(archive.name, `the blob ${descriptor.digest} is missing`);
  }
  const bytes = await readDocument(content, descriptor);
  const document = parseManifestOrIndex(bytes);
  if ("manifests" in document) {
    const images: ArchivedImage[] = [];
    for (const child of document.manifests) {
      if (subjectOf(child) !== undefined) continue;
      const own = document.manifests.filter((other) => subjectOf(other) === child.digest);
      const attached = await attachedDocuments(content, "index", own, hasIn(archive));
      const behind = await imagesBehind(archive, content, child, [...indexes, descriptor.digest]);
      images.push(...behind.map((image) => withAttached(image, attached)));
    }
    return images;
  }
  const value = parseManifest(bytes);
  // Signatures, attestations and other artifacts.
  if (![mediaTypes.oci.config, mediaTypes.docker.config].some((type) => type === value.config.mediaType)) return [];
  const manifest = { value, bytes, descriptor: describe(bytes, value.mediaType) };
  return [{ descriptor: manifest.descriptor, indexes, manifest, whole: true, content, attached: [] }];
}

/** The name as containerd writes it, or as skopeo and podman do; a tag alone names nothing. */
function nameOf({ annotations }: Descriptor): string | undefined {
  const whole = annotations?.["io.containerd.image.name"];
  const short = annotations?.["org.opencontainers.image.ref.name"];
  for (const name of [whole, short !== undefined && !isValidTag(short) ? short : undefined]) {
    const read = name === undefined ? undefined : wholeName(name);
    if (read !== undefined) return read;
  }
  return undefined;
}

function wholeName(name: string): string | undefined {
  try {
    const reference = parseReference(name);
    return reference.tag === undefined ? undefined : formatReference({ ...reference, digest: undefined });
  } catch {
    return undefined;
  }
}

/** An entry of manifest.json (moby, image specification 1.2, "Combined Image JSON + Filesystem Changeset Format"). */
interface ListEntry {
  readonly config: string;
  readonly names: readonly string[];
  readonly layers: readonly string[];
}

function parseList(json: Uint8Array, archive: ImageArchive): readonly ListEntry[] {
  const strings = (value: unknown): readonly string[] =>
    Array.isArray(value) && value.every((one) => typeof one === "string") ? value : [];
  let list: unknown;
  try {
    list = JSON.parse(Buffer.from(json).toString("utf8"));
  } catch {
    throw refused(archive.name, "its manifest.json is not JSON");
  }
  if (!Array.isArray(list)) throw refused(archive.name, "its manifest.json is no list");
  return list.map(
    (entry: { readonly Config?: unknown; readonly RepoTags?: unknown; readonly Layers?: unknown } | null) => {
      if (typeof entry?.Config !== "string" || !Array.isArray(entry.Layers)) {
        throw refused(archive.name, "its manifest.json has an entry without Config or Layers");
      }
      const names = strings(entry.RepoTags).flatMap((name) => wholeName(name) ?? []);
      return { config: entry.Config.replace(/\.json$/, ""), names, layers: strings(entry.Layers) };
    },
  );
}

/** An image that is described by manifest.json alone: its manifest is made here. */
async function dockerImage(archive: ImageArchive, { config, names, layers }: ListEntry): Promise<ArchivedImages> {
  const configFile = archive.find(config) ?? archive.find(`${config}.json`);
  if (!configFile) throw refused(archive.name, `its configuration ${config} is missing`);
  const bytes = await text(configFile, archive);
  const blobs = new Map<Digest, ArchivedFile>();
  const described = async (path: string, file: ArchivedFile, mediaType: string): Promise<Descriptor> => {
    const digest = await file.digest();
    checkName(archive, path, digest);
    blobs.set(digest, file);
    return { mediaType, digest, size: file.size };
  };
  const parts: Descriptor[] = [];
  for (const path of layers) {
    const file = archive.find(path);
    if (!file) throw refused(archive.name, `its layer ${path} is missing`);
    parts.push(await described(path, file, mediaTypes.docker.layer[await compressionOf(file, path, archive)]));
  }
  const manifest = makeManifest({
    config: { ...(await described(config, configFile, mediaTypes.docker.config)), size: bytes.byteLength },
    layers: parts,
    format: "docker",
  });
  const content: ImageContent = {
    name: archive.name,
    blob: ({ digest }) => readArchived(blobs.get(digest) as ArchivedFile),
  };
  const image = { descriptor: manifest.descriptor, indexes: [], manifest, whole: false, content, attached: [] };
  return { names, images: [image] };
}

/** Files are named for their digests, but for layers of docker before 25. */
function checkName(archive: ImageArchive, path: string, digest: Digest): void {
  const said = /(?:^|\/)([a-f0-9]{64})$/.exec(path)?.[1];
  if (said === undefined || said === digest.slice(7)) return;
  throw new SlipwayError({
    code: "SLIP_DIGEST_MISMATCH",
    message: `Cannot load ${archive.name}: its file ${path} has the digest ${digest}`,
    hint: "it is damaged or was changed; get the image again",
  });
}

async function compressionOf(
  file: ArchivedFile,
  path: string,
  archive: ImageArchive,
): Promise<"none" | "gzip" | "zstd"> {
  const head = await beginning(file);
  const begins = (...magic: readonly number[]): boolean => magic.every((byte, at) => head[at] === byte);
  if (begins(0x1f, 0x8b)) return "gzip";
  if (begins(0x28, 0xb5, 0x2f, 0xfd)) return "zstd";
  if (begins(0xfd, 0x37, 0x7a, 0x58, 0x5a) || begins(0x42, 0x5a, 0x68)) {
    throw refused(archive.name, `its layer ${path} is compressed by another program than gzip and zstd`);
  }
  return "none";
}

async function beginning(file: ArchivedFile): Promise<Uint8Array> {
  for await (const chunk of readArchived(file)) return chunk;
  return Buffer.alloc(0);
}

function contentOf(archive: ImageArchive): ImageContent {
  return { name: archive.name, blob: ({ digest }) => blobOf(archive, digest) };
}

async function* blobOf(archive: ImageArchive, digest: Digest): Bytes {
  const file = archive.find(blobPath(digest));
  if (!file) throw refused(archive.name, `the blob ${digest} is missing`);
  yield* readArchived(file);
}

async function text(file: ArchivedFile, archive: ImageArchive): Promise<Uint8Array> {
  if (file.size > documentLimit) throw refused(archive.name, `a document in it is larger than ${documentLimit} bytes`);
  const chunks: Uint8Array[] = [];
  for await (const chunk of readArchived(file)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** image-spec, image-layout.md, "Blobs". */
function blobPath(digest: Digest): string {
  return `blobs/sha256/${digest.slice("sha256:".length)}`;
}
