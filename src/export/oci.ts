import { type Ctx, type Digest, SlipwayError } from "../base/index.ts";
import { type Descriptor, makeIndex, parseReference } from "../oci/index.ts";
import type { ExportResult, ImageExportOptions, NamedImage } from "./contract.ts";
import { placeImage, type PlacedImage } from "./image.ts";
import { type Layout, openLayout } from "./layout.ts";

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
  return exportLayout(images, options, ctx, () => Promise.resolve());
}

/** An image of the layout, with what went into it. */
export interface WrittenImage extends NamedImage {
  readonly placed: PlacedImage;
}

/** A layout with more files in it than the specification asks for. */
export async function exportLayout(
  images: readonly NamedImage[],
  options: ImageExportOptions,
  ctx: Pick<Ctx, "signal">,
  more: (layout: Layout, written: readonly WrittenImage[]) => Promise<void>,
): Promise<ExportResult> {
  const layout = await openLayout(options.dest, options.tar);
  try {
    const layers = new Map<Digest, Descriptor>();
    const written: WrittenImage[] = [];
    for (const { image, names } of images) {
      written.push({ image, names, placed: await placeImage(layout, image, layers, options, ctx) });
    }
    const [first] = written;
    if (!first) throw new SlipwayError({ code: "SLIP_INTERNAL", message: "Cannot write an archive of no images" });
    const index = makeIndex({ manifests: written.flatMap(entries) });
    await layout.addBytes("index.json", index.bytes);
    await more(layout, written);
    await layout.addBytes("oci-layout", Buffer.from('{"imageLayoutVersion":"1.0.0"}'));
    const size = await layout.commit();
    return { descriptor: first.placed.manifest.descriptor, location: layout.location, size };
  } catch (error) {
    await layout.abandon();
    throw error;
  }
}

function entries({ image, names, placed }: WrittenImage): readonly Descriptor[] {
  const { os, architecture, variant } = image.config;
  const platform = { os, architecture, ...(variant !== undefined && { variant }) };
  const manifest = { ...placed.manifest.descriptor, platform };
  if (names.length === 0) return [manifest];
  return names.map((name) => {
    const { tag } = parseReference(name);
    const annotations = {
      "io.containerd.image.name": name,
      ...(tag !== undefined && { "org.opencontainers.image.ref.name": tag }),
    };
    return { ...manifest, annotations };
  });
}
