import { type Ctx, type Digest, SlipwayError } from "../base/index.ts";
import { type Descriptor, makeIndex, parseReference } from "../oci/index.ts";
import type { ExportImage, ExportResult, ImageExportOptions, NamedImage } from "./contract.ts";
import { placeImage, type PlacedImage } from "./image.ts";
import { blobPath, type Layout, openLayout } from "./layout.ts";
import { outputError } from "./output.ts";

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
  /** What its names stand for: its manifest, or the index of all platforms. */
  readonly named: Descriptor;
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
    for (const one of images) {
      const placed = await placeImage(layout, one.image, layers, options, ctx);
      const manifests = [manifestOf(one.image, placed)];
      for (const other of one.others ?? []) {
        manifests.push(manifestOf(other, await placeImage(layout, other, layers, options, ctx)));
      }
      const named = manifests.length > 1 ? await placeIndex(layout, manifests, options) : manifests[0];
      written.push({ ...one, placed, named: named as Descriptor });
    }
    const [first] = written;
    if (!first) throw new SlipwayError({ code: "SLIP_INTERNAL", message: "Cannot write an archive of no images" });
    const index = makeIndex({ manifests: written.flatMap(entries) });
    await layout.addBytes("index.json", index.bytes);
    await more(layout, written);
    await layout.addBytes("oci-layout", Buffer.from('{"imageLayoutVersion":"1.0.0"}'));
    const size = await layout.commit();
    return { descriptor: first.named, location: layout.location, size };
  } catch (error) {
    await layout.abandon().catch(() => undefined);
    throw outputError(layout.location, error);
  }
}

/** How an index has the manifest of an image. */
export function manifestOf({ config }: ExportImage, { manifest }: PlacedImage): Descriptor {
  const { os, architecture, variant, "os.version": version, "os.features": features } = config;
  const platform = {
    os,
    architecture,
    ...(variant !== undefined && { variant }),
    ...(version !== undefined && { "os.version": version }),
    ...(features !== undefined && { "os.features": features }),
  };
  return { ...manifest.descriptor, platform };
}

async function placeIndex(
  layout: Layout,
  manifests: readonly Descriptor[],
  { format }: Pick<ImageExportOptions, "format">,
): Promise<Descriptor> {
  const { bytes, descriptor } = makeIndex({ manifests, format });
  if (!layout.has(descriptor.digest)) await layout.addBytes(blobPath(descriptor.digest), bytes);
  return descriptor;
}

function entries({ names, named }: WrittenImage): readonly Descriptor[] {
  if (names.length === 0) return [named];
  return names.map((name) => {
    const { tag } = parseReference(name);
    const annotations = {
      "io.containerd.image.name": name,
      ...(tag !== undefined && { "org.opencontainers.image.ref.name": tag }),
    };
    return { ...named, annotations };
  });
}
