import { type Ctx, type Digest, SlipwayError } from "../base/index.ts";
import { type Descriptor, makeIndex, parseReference } from "../oci/index.ts";
import type { ExportResult, ImageExportOptions, ImageForm, ImageStreamOptions, NamedImage } from "./contract.ts";
import { type Layout, openLayout, streamLayout } from "./layout.ts";
import { outputError } from "./output.ts";
import { placeNamed, type PlacedNamed } from "./place-named.ts";

/**
 * Writes images as an OCI image layout (image-spec, image-layout.md): a folder, or the same as a tar. What several images share is
 * written once. An index entry a name, with the annotations by which skopeo and umoci (`org.opencontainers.image.ref.name`: the tag) and
 * containerd (`io.containerd.image.name`) find it.
 * @param images each once, with all its names
 * @throws SLIP_OUTPUT; nothing half-written stays
 */
export function exportOci(
  images: readonly NamedImage[],
  options: ImageExportOptions,
  ctx: Pick<Ctx, "signal">,
): Promise<ExportResult> {
  return exportLayout(images, () => openLayout(options.dest, options.tar), options, ctx);
}

/** The same for a reader that takes the tar as it comes and may have some of its blobs. */
export function streamOci(
  images: readonly NamedImage[],
  options: ImageStreamOptions,
  ctx: Pick<Ctx, "signal">,
): Promise<ExportResult> {
  return exportLayout(images, () => openStream(options), options, ctx);
}

export function openStream({ name, write, there = [] }: ImageStreamOptions): Promise<Layout> {
  return Promise.resolve(streamLayout(name, write, there));
}

/** @param more writes files that the specification does not ask for. */
export async function exportLayout(
  images: readonly NamedImage[],
  open: () => Promise<Layout>,
  form: ImageForm,
  ctx: Pick<Ctx, "signal">,
  more?: (layout: Layout, written: readonly PlacedNamed[]) => Promise<void>,
): Promise<ExportResult> {
  const layout = await open();
  try {
    const layers = new Map<Digest, Descriptor>();
    const written: PlacedNamed[] = [];
    for (const one of images) written.push(await placeNamed(layout, one, layers, form, ctx));
    const [first] = written;
    if (!first) throw new SlipwayError({ code: "SLIP_INTERNAL", message: "Cannot write an archive of no images" });
    const index = makeIndex({ manifests: written.flatMap(entries) });
    await layout.addBytes("index.json", index.bytes);
    await more?.(layout, written);
    await layout.addBytes("oci-layout", Buffer.from('{"imageLayoutVersion":"1.0.0"}'));
    const size = await layout.commit();
    const configs = first.placed.map(({ config }) => config.digest);
    const manifests = first.placed.map(({ manifest: { descriptor }, layers: own }) => ({ descriptor, layers: own }));
    return { descriptor: first.root, configs, manifests, location: layout.location, size };
  } catch (error) {
    await layout.abandon().catch(() => undefined);
    throw outputError(layout.location, error);
  }
}

/** What index.json lists: an entry a name, and whatever refers to the image. */
function entries({ names, root, referrers }: PlacedNamed): readonly Descriptor[] {
  if (names.length === 0) return [root, ...referrers];
  const named = names.map((name) => {
    const { tag } = parseReference(name);
    const annotations = {
      ...root.annotations,
      "io.containerd.image.name": name,
      ...(tag !== undefined && { "org.opencontainers.image.ref.name": tag }),
    };
    return { ...root, annotations };
  });
  return [...named, ...referrers];
}
