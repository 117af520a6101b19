import { type Ctx, type Digest, SlipwayError } from "../../base/index.ts";
import { exportDocker, exportOci, type NamedImage } from "../../export/index.ts";
import { formatPlatform } from "../../oci/index.ts";
import type { ImageRecord } from "../../store/index.ts";
import type { SaveOptions } from "../api/api.ts";
import { cameIndex } from "../registry/known-blobs.ts";
import { exportImage, wholeNames } from "./export-image.ts";
import { findImage } from "../images/find-image.ts";
import type { Engine } from "../engine/engine.ts";
import type { Plain } from "../engine/protocol.ts";

/** The engine's part of `save`. */
export async function saveInEngine(
  { images, type, dest, platform, tar = true }: Plain<SaveOptions>,
  engine: Engine,
  ctx: Ctx,
): Promise<void> {
  if (images.length === 0) throw new SlipwayError({ code: "SLIP_USAGE", message: "save needs an image" });
  const records = new Map(images.map((name) => [name, findImage(engine.store, name, platform)]));
  const names = new Map<Digest, string[]>();
  for (const [name, { id }] of records) {
    const own = names.get(id) ?? [];
    names.set(id, own);
    // Asked for by its id, it goes without a name.
    const byId = /^(?:sha256:)?[a-f0-9]{64}$/.test(name);
    const [whole] = byId ? [] : wholeNames([name]);
    const known = whole !== undefined && wholeNames(engine.store.images.names(id)).includes(whole);
    if (known && !own.includes(whole)) own.push(whole);
  }
  const named = [...names].map(([id, own]) => {
    const asked = [...records].find(([, record]) => record.id === id)?.[0] ?? id;
    const all = platform === undefined ? engine.store.images.named(asked) : [];
    if (all.length > 1 && type === "docker") throw severalPlatforms(asked, all);
    const exported = (all.length > 1 ? all : [findImage(engine.store, id)]).map((record) =>
      exportImage(engine, record),
    );
    const index =
      exported.length > 1
        ? cameIndex(
            all.map((record) => record.id),
            engine.store,
          )
        : undefined;
    return { images: exported as unknown as NamedImage["images"], names: own, index };
  });
  const write = type === "oci" ? exportOci : exportDocker;
  await write(named, { dest, tar }, ctx);
}

function severalPlatforms(name: string, images: readonly ImageRecord[]): SlipwayError {
  const platforms = images.map(({ config }) => formatPlatform(config)).join(", ");
  return new SlipwayError({
    code: "SLIP_UNSUPPORTED",
    message: `Cannot save ${name} as a docker archive, which holds one platform: it is for ${platforms}`,
    hint: "choose one with --platform, or write an OCI layout with --format oci",
  });
}
