import { type Ctx, SlipwayError } from "../../base/index.ts";
import { exportDocker, type ExportImage, exportOci, type NamedImage } from "../../export/index.ts";
import { formatPlatform } from "../../oci/index.ts";
import type { ImageRecord, Store } from "../../store/index.ts";
import type { SaveOptions } from "../api/api.ts";
import { cameIndex } from "../registry/known-blobs.ts";
import { withAttestations } from "../attestations/with-attestations.ts";
import { wholeNames } from "./export-image.ts";
import { findImage } from "../images/find-image.ts";
import type { Engine } from "../engine/engine.ts";
import type { Plain } from "../engine/protocol.ts";

/** The engine's part of `save`. All images are looked up before anything is written. */
export async function saveInEngine(
  { images, type, dest, platform, tar = true }: Plain<SaveOptions>,
  engine: Engine,
  ctx: Ctx,
): Promise<void> {
  if (images.length === 0) throw new SlipwayError({ code: "SLIP_USAGE", message: "save needs an image" });
  const { store } = engine;
  const groups = new Map<string, { readonly records: readonly ImageRecord[]; readonly names: Set<string> }>();
  for (const asked of images) {
    const records = recordsOf(asked, platform, store);
    if (records.length > 1 && type === "docker") throw severalPlatforms(asked, records);
    const ids = records.map(({ id }) => id);
    const group = groups.get(ids.join()) ?? { records, names: new Set() };
    groups.set(ids.join(), group);
    const name = ownName(asked, records, store);
    if (name !== undefined) group.names.add(name);
  }
  const named: NamedImage[] = [];
  for (const { records, names } of groups.values()) {
    const exported = await withAttestations(records, engine, ctx);
    const index = cameIndex(
      records.map(({ id }) => id),
      store,
    );
    const images = type === "docker" ? exported.map((image) => bare(image, [...names], ctx)) : exported;
    named.push({ images: images as NamedImage["images"], names: [...names], index });
  }
  const write = type === "oci" ? exportOci : exportDocker;
  await write(named, { dest, tar }, ctx);
}

/** A docker archive has no place for what is beside an image. */
function bare(image: ExportImage, [name = "an image without a name"]: readonly string[], ctx: Ctx): ExportImage {
  if (!image.attach) return image;
  ctx.emit({
    type: "warning",
    message: `The attestations of ${name} stay behind: a docker archive has no place for them`,
    hint: "save --format oci has them",
  });
  return { ...image, attach: undefined };
}

/** All images of a name, one a platform, or the one that was asked for. */
function recordsOf(name: string, platform: string | undefined, store: Store): readonly ImageRecord[] {
  const one = findImage(store, name, platform);
  const all = platform === undefined ? store.images.named(name) : [];
  return all.length > 1 ? all : [one];
}

/** The name as the archive has it; an image that is asked for by its id goes without one. */
function ownName(asked: string, records: readonly ImageRecord[], store: Store): string | undefined {
  if (/^(?:sha256:)?[a-f0-9]{64}$/.test(asked)) return undefined;
  const known = new Set(records.flatMap(({ id }) => wholeNames(store.images.names(id))));
  const [whole] = wholeNames([asked]);
  return whole !== undefined && known.has(whole) ? whole : undefined;
}

function severalPlatforms(name: string, images: readonly ImageRecord[]): SlipwayError {
  const platforms = images.map(({ config }) => formatPlatform(config)).join(", ");
  return new SlipwayError({
    code: "SLIP_UNSUPPORTED",
    message: `Cannot save ${name} as a docker archive, which holds one platform: it is for ${platforms}`,
    hint: "choose one with --platform, or write an OCI layout with --format oci",
  });
}
