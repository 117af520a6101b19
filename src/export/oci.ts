import { type Ctx, type Digest, SlipwayError } from "../base/index.ts";
import { type Descriptor, makeIndex, parseReference } from "../oci/index.ts";
import type { ExportResult, ImageExportOptions, NamedImage } from "./contract.ts";
import { type Layout, openLayout } from "./layout.ts";
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
  return exportLayout(images, options, ctx, () => Promise.resolve());
}

/** A layout with more files in it than the specification asks for. */
export async function exportLayout(
  images: readonly NamedImage[],
  options: ImageExportOptions,
  ctx: Pick<Ctx, "signal">,
  more: (layout: Layout, written: readonly PlacedNamed[]) => Promise<void>,
): Promise<ExportResult> {
  const layout = await openLayout(options.dest, options.tar);
  try {
    const layers = new Map<Digest, Descriptor>();
    const written: PlacedNamed[] = [];
    for (const one of images) written.push(await placeNamed(layout, one, layers, options, ctx));
    const [first] = written;
    if (!first) throw new SlipwayError({ code: "SLIP_INTERNAL", message: "Cannot write an archive of no images" });
    const index = makeIndex({ manifests: written.flatMap(entries) });
    await layout.addBytes("index.json", index.bytes);
    await more(layout, written);
    await layout.addBytes("oci-layout", Buffer.from('{"imageLayoutVersion":"1.0.0"}'));
    const size = await layout.commit();
    const configs = first.placed.map(({ config }) => config.digest);
    return { descriptor: first.root, configs, location: layout.location, size };
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
