import type { Ctx } from "../base/index.ts";
import { type Descriptor, makeIndex, type Platform, parseReference } from "../oci/index.ts";
import type { ExportImage, ExportResult, ImageExportOptions } from "./contract.ts";
import { placeImage, type PlacedImage } from "./image.ts";
import { type Layout, openLayout } from "./layout.ts";

/**
 * Writes an image as an OCI image layout (image-spec, image-layout.md): a folder, or the same as a tar. An index entry a name, with the
 * annotations by which skopeo and umoci (`org.opencontainers.image.ref.name`: the tag) and containerd (`io.containerd.image.name`) find it.
 * @throws SLIP_OUTPUT; nothing half-written stays
 */
export function exportOci(
  image: ExportImage,
  options: ImageExportOptions,
  ctx: Pick<Ctx, "signal">,
): Promise<ExportResult> {
  return exportLayout(image, options, ctx, () => Promise.resolve());
}

/** A layout with more files in it than the specification asks for. */
export async function exportLayout(
  image: ExportImage,
  options: ImageExportOptions,
  ctx: Pick<Ctx, "signal">,
  more: (layout: Layout, placed: PlacedImage) => Promise<void>,
): Promise<ExportResult> {
  const layout = await openLayout(options.dest, options.tar);
  try {
    const placed = await placeImage(layout, image, options, ctx);
    const { os, architecture, variant } = image.config;
    const platform = { os, architecture, ...(variant !== undefined && { variant }) };
    const index = makeIndex({ manifests: entries(placed.manifest.descriptor, platform, options.names) });
    await layout.addBytes("index.json", index.bytes);
    await more(layout, placed);
    await layout.addBytes("oci-layout", Buffer.from('{"imageLayoutVersion":"1.0.0"}'));
    const size = await layout.commit();
    return { descriptor: placed.manifest.descriptor, location: layout.location, size };
  } catch (error) {
    await layout.abandon();
    throw error;
  }
}

function entries(manifest: Descriptor, platform: Platform, names: readonly string[]): readonly Descriptor[] {
  if (names.length === 0) return [{ ...manifest, platform }];
  return names.map((name) => {
    const { tag } = parseReference(name);
    const annotations = {
      "io.containerd.image.name": name,
      ...(tag !== undefined && { "org.opencontainers.image.ref.name": tag }),
    };
    return { ...manifest, platform, annotations };
  });
}
