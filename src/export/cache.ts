import type { Ctx } from "../base/index.ts";
import { type Descriptor, describe, type Document, makeManifest, type Manifest } from "../oci/index.ts";
import type { BlobKeeper, ExportLayer, ImageForm } from "./contract.ts";
import { placeLayers } from "./image.ts";
import { blobPath, type Layout } from "./layout.ts";
import { BlobFiles, type PushContentOptions } from "./push-content.ts";
import type { PushContent } from "../registry/index.ts";
import { openSharedLayout } from "./shared-layout.ts";

/** A cache on its own: a manifest around layers and what describes them. */
export interface CacheParts {
  /** What the manifest has as its configuration. */
  readonly config: { readonly bytes: Uint8Array; readonly mediaType: string };
  /** Each diff id once. */
  readonly layers: readonly ExportLayer[];
  /** Blobs that are finished files; they come after the layers. */
  readonly files: readonly {
    readonly descriptor: Descriptor;
    readonly file: string;
    /** Makes the file be there. */
    readonly bring?: (() => Promise<void>) | undefined;
  }[];
  readonly keeper: BlobKeeper;
}

type Form = Pick<ImageForm, "compression" | "level" | "force">;

/** What goes to a registry for a cache. */
export async function pushCache(
  parts: CacheParts,
  { repositoriesOf, ...form }: Pick<PushContentOptions, "repositoriesOf"> & Form,
  ctx: Pick<Ctx, "signal">,
): Promise<PushContent> {
  const files = new BlobFiles(parts.keeper);
  const { config, layers, manifest } = await placeCache(files, parts, form, ctx);
  const blobs = layers.map((layer) => ({ ...files.blob(layer), origins: repositoriesOf(layer.digest) }));
  return { blobs: [...blobs, files.blob(config)], documents: [manifest] };
}

/**
 * Writes a cache under a tag of an image layout that is a folder. What else has a name there stays, also what another process writes at the same time; what
 * nothing names any more goes.
 * @returns its manifest. @throws SLIP_OUTPUT; nothing half-written stays
 */
export async function exportCacheLayout(
  parts: CacheParts,
  { folder, tag, ...form }: Form & { readonly folder: string; readonly tag: string },
  ctx: Pick<Ctx, "signal">,
): Promise<Descriptor> {
  const layout = await openSharedLayout(folder, tag);
  try {
    const { manifest } = await placeCache(layout, parts, form, ctx);
    await layout.publish(manifest.descriptor);
    return manifest.descriptor;
  } finally {
    await layout.abandon();
  }
}

async function placeCache(
  layout: Layout,
  { config: { bytes, mediaType }, layers, files, keeper }: CacheParts,
  form: Form,
  ctx: Pick<Ctx, "signal">,
): Promise<{
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
  readonly manifest: Document<Manifest>;
}> {
  const { compression = "zstd" } = form;
  const image = { layers, keeper };
  const placed = [...(await placeLayers(layout, image, new Map(), { ...form, compression }, ctx))];
  for (const { descriptor, file, bring } of files) {
    await layout.addFile(descriptor.digest, file, descriptor.size, bring);
    placed.push(descriptor);
  }
  const config = describe(bytes, mediaType);
  await layout.addBytes(blobPath(config.digest), bytes);
  const manifest = makeManifest({ config, layers: placed });
  await layout.addBytes(blobPath(manifest.descriptor.digest), manifest.bytes);
  return { config, layers: placed, manifest };
}
