import { type Ctx, SlipwayError } from "../base/index.ts";
import { familiarName, parseReference } from "../oci/index.ts";
import type { ExportResult, ImageExportOptions, ImageForm, ImageStreamOptions, NamedImage } from "./contract.ts";
import type { PlacedImage } from "./image.ts";
import { blobPath, type Layout, openLayout } from "./layout.ts";
import { exportLayout, openStream } from "./oci.ts";
import type { PlacedNamed } from "./place-named.ts";

/**
 * Writes what `docker load` takes: a docker archive (manifest.json, repositories; moby, image specification 1.2) that is an OCI image layout
 * at the same time, as `docker save` has done since version 25. Engines since 1.10 read the first, containerd and newer engines the second.
 * Layers are uncompressed unless asked otherwise; engines before 23 cannot load zstd. What several images share is written once.
 * @param images each once, with all its names
 * @throws SLIP_OUTPUT; nothing half-written stays
 */
export function exportDocker(
  images: readonly NamedImage[],
  options: ImageExportOptions,
  ctx: Pick<Ctx, "signal">,
): Promise<ExportResult> {
  return exportLayout(images, () => openLayout(options.dest, options.tar), uncompressed(options), ctx, addManifest);
}

/** The same for a reader that takes the archive as it comes and may have some of its layers. */
export function streamDocker(
  images: readonly NamedImage[],
  options: ImageStreamOptions,
  ctx: Pick<Ctx, "signal">,
): Promise<ExportResult> {
  return exportLayout(images, () => openStream(options), uncompressed(options), ctx, addManifest);
}

function uncompressed(form: ImageForm): ImageForm {
  return { ...form, compression: form.compression ?? "none" };
}

async function addManifest(layout: Layout, written: readonly PlacedNamed[]): Promise<void> {
  await layout.addBytes("manifest.json", json(written.map(manifestEntry)));
  const repositories = repositoriesOf(written);
  if (repositories) await layout.addBytes("repositories", json(repositories));
}

function manifestEntry({ names, placed }: PlacedNamed): object {
  const { config, layers } = onlyOne(placed);
  return {
    Config: blobPath(config.digest),
    RepoTags: names
      .map(parseReference)
      .filter(({ tag }) => tag !== undefined)
      .map((name) => familiarName({ ...name, digest: undefined })),
    Layers: layers.map(({ digest }) => blobPath(digest)),
  };
}

/** Repository -> tag -> topmost layer: for readers older than manifest.json. undefined when there is nothing to say. */
function repositoriesOf(written: readonly PlacedNamed[]): object | undefined {
  const repositories = new Map<string, Map<string, string>>();
  for (const { names, placed } of written) {
    const top = onlyOne(placed).layers.at(-1);
    for (const name of names.map(parseReference)) {
      if (name.tag === undefined || !top) continue;
      const repository = familiarName({ ...name, tag: undefined, digest: undefined });
      const tags = repositories.get(repository) ?? new Map<string, string>();
      repositories.set(repository, tags.set(name.tag, top.digest.slice(7)));
    }
  }
  if (repositories.size === 0) return undefined;
  return Object.fromEntries([...repositories].map(([name, tags]) => [name, Object.fromEntries(tags)]));
}

function onlyOne([first, ...others]: PlacedNamed["placed"]): PlacedImage {
  if (first && others.length === 0) return first;
  throw new SlipwayError({
    code: "SLIP_UNSUPPORTED",
    message: "A docker archive holds images of one platform",
    hint: "write an OCI layout, or choose one platform",
  });
}

function json(value: unknown): Buffer {
  return Buffer.from(`${JSON.stringify(value)}\n`);
}
