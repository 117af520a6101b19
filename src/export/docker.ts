import type { Ctx } from "../base/index.ts";
import { familiarName, parseReference, type Reference } from "../oci/index.ts";
import type { ExportImage, ExportResult, ImageExportOptions } from "./contract.ts";
import type { PlacedImage } from "./image.ts";
import { blobPath } from "./layout.ts";
import { exportLayout } from "./oci.ts";

/**
 * Writes what `docker load` takes: a docker archive (manifest.json, repositories; moby, image specification 1.2) that is an OCI image layout
 * at the same time, as `docker save` has done since version 25. Engines since 1.10 read the first, containerd and newer engines the second.
 * Layers are uncompressed unless asked otherwise; engines before 23 cannot load zstd.
 * @throws SLIP_OUTPUT; nothing half-written stays
 */
export function exportDocker(
  image: ExportImage,
  options: ImageExportOptions,
  ctx: Pick<Ctx, "signal">,
): Promise<ExportResult> {
  const names = options.names.map(parseReference);
  return exportLayout(
    image,
    { ...options, compression: options.compression ?? "none" },
    ctx,
    async (layout, placed) => {
      await layout.addBytes("manifest.json", json([manifestEntry(placed, names)]));
      const repositories = repositoriesOf(placed, names);
      if (repositories) await layout.addBytes("repositories", json(repositories));
    },
  );
}

function manifestEntry({ config, layers }: PlacedImage, names: readonly Reference[]): object {
  return {
    Config: blobPath(config.digest),
    RepoTags: names.filter(({ tag }) => tag !== undefined).map((name) => familiarName({ ...name, digest: undefined })),
    Layers: layers.map(({ digest }) => blobPath(digest)),
  };
}

/** Repository -> tag -> topmost layer: for readers older than manifest.json. undefined when there is nothing to say. */
function repositoriesOf({ layers }: PlacedImage, names: readonly Reference[]): object | undefined {
  const top = layers.at(-1);
  const repositories = new Map<string, Map<string, string>>();
  for (const name of names) {
    if (name.tag === undefined || !top) continue;
    const repository = familiarName({ ...name, tag: undefined, digest: undefined });
    const tags = repositories.get(repository) ?? new Map<string, string>();
    repositories.set(repository, tags.set(name.tag, top.digest.slice(7)));
  }
  if (repositories.size === 0) return undefined;
  return Object.fromEntries([...repositories].map(([name, tags]) => [name, Object.fromEntries(tags)]));
}

function json(value: unknown): Buffer {
  return Buffer.from(`${JSON.stringify(value)}\n`);
}
