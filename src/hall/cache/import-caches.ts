import { type Bytes, type Ctx, type Digest, SlipwayError, toSlipwayError } from "../../base/index.ts";
import {
  type AdoptedBase,
  adoptCache,
  type CacheDocument,
  cacheTypes,
  inlineMember,
  parseCache,
} from "../../cache/index.ts";
import { type ImageContent, openOciLayout, readDocument } from "../../import/index.ts";
import {
  type Descriptor,
  familiarName,
  type Manifest,
  parseConfig,
  parseManifestOrIndex,
  parseReference,
} from "../../oci/index.ts";
import type { RegistryClient } from "../../registry/index.ts";
import type { LayerSource, Store } from "../../store/index.ts";
import { originKey, packagesKey } from "../bases/stored-base.ts";
import { announce } from "../engine/engine.ts";
import { transferCtx } from "../registry/transfer-events.ts";
import type { CarriedMount } from "./cache-mounts.ts";
import type { CacheSource } from "./read-caches.ts";

/** What caches from elsewhere gave a build beside their records. */
export interface ImportedCaches {
  /** Those that could be read. */
  readonly names: readonly string[];
  readonly bases: readonly AdoptedBase[];
  readonly mounts: readonly CarriedMount[];
}

/** Documents of one cache: those of an inline cache are as many as the platforms of its image. */
interface FoundDocument {
  readonly document: CacheDocument;
  readonly blobs: readonly Descriptor[];
  readonly mounts: readonly CarriedMount[];
}

/** Where caches are read into. */
export interface CacheRooms {
  readonly store: Store;
  /** Files of the store all belong to root: it has one user id. */
  readonly squashed: boolean;
  registries(): Promise<RegistryClient>;
  /** Documents that were fetched stay in the store for a while. */
  readonly keeps: boolean;
}

/** Manifests behind an index that are looked at. */
const mostManifests = 32;

/**
 * Reads caches side by side and puts their records into the store; no layer is fetched. One that is not there, or cannot be read, is told in a warning.
 */
export async function importCaches(
  sources: readonly CacheSource[],
  rooms: CacheRooms,
  ctx: Ctx,
): Promise<ImportedCaches> {
  const found = await Promise.all(sources.map((source) => importCache(source, rooms, ctx)));
  // In the order in which they were asked for, whichever was first to fail.
  for (const one of found) if ("message" in one) ctx.emit({ type: "warning", ...one });
  const there = found.filter((one) => "names" in one);
  return {
    names: there.flatMap(({ names }) => names),
    bases: there.flatMap(({ bases }) => bases),
    mounts: there.flatMap(({ mounts }) => mounts),
  };
}

/** Why a cache is not used. */
interface Unused {
  readonly message: string;
  readonly hint: string | undefined;
}

async function importCache(source: CacheSource, rooms: CacheRooms, ctx: Ctx): Promise<ImportedCaches | Unused> {
  const { store, squashed } = rooms;
  const name = nameOf(source);
  const step = `import cache from ${name}`;
  const started = Date.now();
  announce(ctx, step, step);
  const end = (note: string): void => ctx.emit({ type: "step-done", id: step, duration: Date.now() - started, note });
  try {
    const found = source.type === "registry" ? await inRegistry(source, step, rooms, ctx) : await inFolder(source);
    const place: LayerSource =
      source.type === "registry"
        ? { kind: "registry", repository: repositoryOf(source.name) }
        : { kind: "layout", path: source.folder };
    let records = 0;
    const bases: AdoptedBase[] = [];
    for (const { document, blobs } of found) {
      if (document.owners === "squashed" && !squashed) throw oneId();
      const adopted = adoptCache({ name, document, blobs, source: place }, squashed, store);
      records += adopted.records;
      bases.push(...adopted.bases);
      for (const base of adopted.bases) noteBase(base, store);
    }
    end(records === 1 ? "1 new record" : `${records} new records`);
    return { names: [name], bases, mounts: found.flatMap(({ mounts }) => mounts) };
  } catch (error) {
    if (ctx.signal.aborted) throw error;
    const { code, message, hint } = toSlipwayError(error);
    if (code === "SLIP_INTERNAL") throw error;
    end("not used");
    const isMissing = code === "SLIP_IMAGE_UNKNOWN";
    return {
      message: `The cache ${name} is not used: ${message}`,
      hint: isMissing ? "--cache-to writes it; the first build has none yet" : hint,
    };
  }
}

/** What is known of a base travels on with the cache that this build writes, and answers a build with `--locked`. */
function noteBase({ id, origin, packages }: AdoptedBase, { facts }: Store): void {
  if (!origin.startsWith("archive ") || facts.get(originKey(id)) !== undefined) return;
  facts.set(originKey(id), origin, id);
  if (packages !== undefined) facts.set(packagesKey(id), packages, id);
}

/** For people. */
function nameOf(source: CacheSource): string {
  return source.type === "registry" ? familiarName(parseReference(source.name)) : source.folder;
}

function repositoryOf(name: string): string {
  const { domain, path } = parseReference(name);
  return `${domain}/${path}`;
}

async function inRegistry(
  { name }: CacheSource & { readonly type: "registry" },
  step: string,
  rooms: CacheRooms,
  ctx: Ctx,
): Promise<readonly FoundDocument[]> {
  const client = await rooms.registries();
  const reference = parseReference(name);
  const registry = transferCtx(step, "downloading", ctx);
  const { value, descriptor } = await client.manifest(reference, registry);
  const content: ImageContent = {
    name: `the cache ${name}`,
    blob: (wanted) => blobOf(wanted),
  };
  /** Documents that came before are kept as blobs for a while. */
  async function* blobOf(wanted: Pick<Descriptor, "digest" | "size" | "mediaType">): Bytes {
    const { blobs } = rooms.store;
    const isThere = (await blobs.stat(wanted.digest)) !== undefined;
    if (!isThere && !rooms.keeps) {
      yield await client.blob(reference, wanted, whole, registry);
      return;
    }
    if (!isThere) await client.blob(reference, wanted, (bytes) => blobs.write(bytes, wanted), registry);
    yield* blobs.read(wanted.digest);
  }
  const place: LayerSource = { kind: "registry", repository: repositoryOf(name) };
  const manifests = "manifests" in value ? imagesOf(value.manifests) : [descriptor];
  return Promise.all(
    manifests.map(async ({ digest }) => {
      const known =
        digest === descriptor.digest ? value : (await client.manifest({ ...reference, digest }, registry)).value;
      return documentOf(content, known as Manifest, place);
    }),
  );
}

/** A document, which is small. */
async function whole(bytes: Bytes): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of bytes) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function inFolder({
  folder,
  tag,
  digest,
}: CacheSource & { readonly type: "local" }): Promise<readonly FoundDocument[]> {
  const content = openOciLayout(folder);
  const descriptor = content.find({ tag, digest });
  const place: LayerSource = { kind: "layout", path: folder };
  const value = parseManifestOrIndex(await readDocument(content, descriptor));
  const manifests = "manifests" in value ? imagesOf(value.manifests) : [descriptor];
  return Promise.all(
    manifests.map(async (one) => {
      const known = one === descriptor ? value : parseManifestOrIndex(await readDocument(content, one));
      return documentOf(content, known as Manifest, place);
    }),
  );
}

/** Without attestations. */
function imagesOf(manifests: readonly Descriptor[]): readonly Descriptor[] {
  return manifests
    .filter(({ annotations }) => annotations?.["vnd.docker.reference.type"] === undefined)
    .slice(0, mostManifests);
}

/** What a manifest holds: a cache on its own, or an image that has one in its configuration. */
async function documentOf(content: ImageContent, manifest: Manifest, source: LayerSource): Promise<FoundDocument> {
  if ("manifests" in manifest) throw unusable("it is an index of indexes");
  const { config, layers } = manifest;
  const bytes = await readDocument(content, config);
  if (config.mediaType !== cacheTypes.config) return { ...inlineDocument(bytes, layers), mounts: [] };
  const document = parseCache(bytes, layers.length);
  const mounts = document.mounts.map(({ key, name, size, blob }) => {
    return { key, name, size, blob: layers[blob] as Descriptor, source };
  });
  return { document, blobs: layers.slice(0, document.layers.length), mounts };
}

function inlineDocument(bytes: Uint8Array, layers: readonly Descriptor[]): Omit<FoundDocument, "mounts"> {
  const config = parseConfig(bytes);
  const member = (config as unknown as Readonly<Record<string, unknown>>)[inlineMember];
  if (member === undefined) {
    throw unusable("it is an image without a cache in it", "build it with --cache-to type=inline");
  }
  const document = parseCache(JSON.stringify(member));
  const byDiffId = new Map<Digest, Descriptor | undefined>(
    config.rootfs.diff_ids.map((diffId, at) => [diffId, layers[at]]),
  );
  const blobs = document.layers.map((diffId) => {
    const blob = byDiffId.get(diffId);
    if (!blob) throw unusable("its layers are others than those that were built", "it was changed after it was built");
    return blob;
  });
  return { document, blobs };
}

function oneId(): SlipwayError {
  return unusable(
    "it was made with one user id, where every file belongs to root",
    "give that machine ranges in /etc/subuid and /etc/subgid (docs/rootless.md)",
  );
}

function unusable(why: string, hint?: string): SlipwayError {
  return new SlipwayError({ code: "SLIP_OCI_INVALID", message: why, hint });
}
