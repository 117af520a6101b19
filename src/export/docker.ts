import type { Ctx } from "../base/index.ts";
import { familiarName, parseReference } from "../oci/index.ts";
import type { ExportResult, ImageExportOptions, NamedImage } from "./contract.ts";
import { blobPath } from "./layout.ts";
import { exportLayout, type WrittenImage } from "./oci.ts";

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
  return exportLayout(
    images,
    { ...options, compression: options.compression ?? "none" },
    ctx,
    async (layout, written) => {
      await layout.addBytes("manifest.json", json(written.map(manifestEntry)));
      const repositories = repositoriesOf(written);
      if (repositories) await layout.addBytes("repositories", json(repositories));
    },
  );
}

function manifestEntry({ names, placed: { config, layers } }: WrittenImage): object {
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
function repositoriesOf(written: readonly WrittenImage[]): object | undefined {
  const repositories = new Map<string, Map<string, string>>();
  for (const { names, placed } of written) {
    const top = placed.layers.at(-1);
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

function json(value: unknown): Buffer {
  return Buffer.from(`${JSON.stringify(value)}\n`);
}
