import type { FoundSoftware, SbomSubject } from "../../attest/index.ts";
import { packageVersion } from "../../base/index.ts";
import { findSoftware } from "../../inspect/index.ts";
import { formatPlatform } from "../../oci/index.ts";
import type { ImageRecord } from "../../store/index.ts";
import type { Engine } from "../engine/engine.ts";

/** Raised when what is found changes, so that kept ones are made anew. */
const version = 1;

/** The software of an image: looked for once, then kept with the image. */
export async function softwareOf(image: ImageRecord, engine: Engine, signal: AbortSignal): Promise<FoundSoftware> {
  const { store } = engine;
  const key = `software ${version} ${image.id}`;
  const known = store.facts.get(key) as FoundSoftware | undefined;
  if (known) return known;
  const found = await look(image, engine, signal);
  store.facts.set(key, found, image.id);
  return found;
}

async function look(
  { snapshots }: ImageRecord,
  { store, snapshotter }: Engine,
  signal: AbortSignal,
): Promise<FoundSoftware> {
  const top = snapshots.at(-1);
  if (top === undefined) return { packages: [], notes: [] };
  await using view = await snapshotter.view(top);
  const root = await view.root();
  return await findSoftware({ root, layers: snapshots.map((id) => store.snapshots.folder(id)) }, signal);
}

/** What an SBOM of the image says of the image itself. */
export function sbomSubject(name: string, { id, config }: ImageRecord): SbomSubject {
  const made = (config.history ?? []).filter(({ empty_layer: empty }) => empty !== true);
  const diffIds = config.rootfs.diff_ids;
  // A history may be missing, or have lost its lines.
  const told = made.length === diffIds.length;
  return {
    name,
    imageId: id,
    platform: formatPlatform(config),
    created: config.created,
    layers: diffIds.map((diffId, at) => ({ diffId, instruction: told ? made[at]?.created_by : undefined })),
    tool: { name: "slipway", version: packageVersion() },
  };
}
