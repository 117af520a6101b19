import { type Ctx, type Digest, SlipwayError } from "../base/index.ts";
import { type Descriptor, type Document, type Index, makeIndex, mediaTypes, type Platform } from "../oci/index.ts";
import { annotationsOn } from "./annotate.ts";
import type { Attached, ExportImage, ImageForm, NamedImage } from "./contract.ts";
import { placeImage, type PlacedImage } from "./image.ts";
import { blobPath, type Layout } from "./layout.ts";

/** Images of the same names, with what went into the layout. */
export interface PlacedNamed extends NamedImage {
  /** One an image. */
  readonly placed: readonly PlacedImage[];
  /** Manifests of the images as an index lists them. */
  readonly manifests: readonly Descriptor[];
  /** What the names stand for: the manifest, or the index of all platforms and what is attached. */
  readonly root: Descriptor;
  /** Manifests that have one of the images as their subject. */
  readonly referrers: readonly Descriptor[];
  /** All manifests and indexes, each after those it names; the root last. */
  readonly documents: readonly Pick<Document<unknown>, "bytes" | "descriptor">[];
  /** What is attached has blobs too. */
  readonly attachedBlobs: readonly Descriptor[];
}

/**
 * Puts images of the same names into the layout, with what is attached to them and with their index.
 * @param layers that are in the layout already, by diff id
 * @throws SLIP_UNSUPPORTED for annotations of an index where there is none
 */
export async function placeNamed(
  layout: Layout,
  named: NamedImage,
  layers: Map<Digest, Descriptor>,
  form: ImageForm,
  ctx: Pick<Ctx, "signal">,
): Promise<PlacedNamed> {
  const { annotations, format } = form;
  const placed: PlacedImage[] = [];
  const attached: Attached[] = [];
  for (const image of named.images) {
    const one = await placeImage(layout, image, layers, form, ctx);
    placed.push(one);
    attached.push(...(await attachedTo(image, one, named, form)));
  }
  for (const { document, blobs } of attached) {
    for (const { descriptor, bytes } of [...blobs, { descriptor: document.descriptor, bytes: document.bytes }]) {
      if (!layout.has(descriptor.digest)) await layout.addBytes(blobPath(descriptor.digest), bytes);
    }
  }
  const manifests = placed.map((one, at) => manifestOf(named.images[at] as ExportImage, one, form));
  const documents: PlacedNamed["documents"][number][] = [];
  const beside = attached.filter(({ how }) => how === "index").map(({ document }) => document);
  const referrers = attached.filter(({ how }) => how === "referrer").map(({ document }) => document);
  const own = placed.map(({ manifest }) => manifest);
  let root = manifests[0] as Descriptor;
  const listed = [...manifests, ...beside.map(({ descriptor }) => descriptor)];
  const came = cameIndex(named, listed, form);
  if (came || listed.length > 1) {
    const index = came ?? makeIndex({ manifests: listed, format, annotations: annotationsOn("index", annotations) });
    if (!layout.has(index.descriptor.digest)) await layout.addBytes(blobPath(index.descriptor.digest), index.bytes);
    documents.push(...own, ...beside, ...referrers, index);
    root = withAnnotations(index.descriptor, annotationsOn("index-descriptor", annotations));
  } else {
    checkNoIndex(form);
    documents.push(...referrers, ...own);
  }
  return {
    ...named,
    placed,
    manifests,
    root,
    referrers: referrers.map(({ descriptor }) => descriptor),
    documents,
    attachedBlobs: attached.flatMap(({ blobs }) => blobs.map(({ descriptor }) => descriptor)),
  };
}

/** The index that the images came with, when the same is asked for. */
function cameIndex(
  { index }: NamedImage,
  listed: readonly Descriptor[],
  { format, annotations }: ImageForm,
): Document<Index> | undefined {
  if (!index || annotations?.some(({ on }) => on === "index" || on === "manifest-descriptor")) return undefined;
  if (format !== undefined && index.descriptor.mediaType !== mediaTypes[format].index) return undefined;
  const there = index.value.manifests.map(({ digest }) => digest).sort();
  const same =
    there.join() ===
    listed
      .map(({ digest }) => digest)
      .sort()
      .join();
  return same ? index : undefined;
}

async function attachedTo(
  image: ExportImage,
  placed: PlacedImage,
  { names }: NamedImage,
  form: ImageForm,
): Promise<readonly Attached[]> {
  if (!image.attach) return [];
  const { config, layers } = placed;
  return image.attach({ manifest: manifestOf(image, placed, form), config, layers, names });
}

/** How an index has the manifest of an image. */
function manifestOf({ config }: ExportImage, { manifest }: PlacedImage, { annotations }: ImageForm): Descriptor {
  const { os, architecture, variant, "os.version": version, "os.features": features } = config;
  const platform: Platform = {
    os,
    architecture,
    ...(variant !== undefined && { variant }),
    ...(version !== undefined && { "os.version": version }),
    ...(features !== undefined && { "os.features": features }),
  };
  return withAnnotations(
    { ...manifest.descriptor, platform },
    annotationsOn("manifest-descriptor", annotations, config),
  );
}

function withAnnotations(
  descriptor: Descriptor,
  annotations: Readonly<Record<string, string>> | undefined,
): Descriptor {
  return annotations ? { ...descriptor, annotations } : descriptor;
}

function checkNoIndex({ annotations }: ImageForm): void {
  const odd = annotations?.find(({ on }) => on === "index" || on === "index-descriptor");
  if (!odd) return;
  throw new SlipwayError({
    code: "SLIP_UNSUPPORTED",
    message: `Cannot put the annotation ${odd.key} on the ${odd.on}: an image of one platform has no index`,
    hint: "annotate its manifest: annotation.KEY=VALUE",
  });
}
