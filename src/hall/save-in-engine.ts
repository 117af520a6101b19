import { type Ctx, type Digest, SlipwayError } from "../base/index.ts";
import { exportDocker, exportOci } from "../export/index.ts";
import type { SaveOptions } from "./api.ts";
import { exportImage, wholeNames } from "./export-image.ts";
import { findImage } from "./find-image.ts";
import type { Engine } from "./engine.ts";
import type { Plain } from "./protocol.ts";

/** The engine's part of `save`. */
export async function saveInEngine(
  { images, type, dest }: Plain<SaveOptions>,
  engine: Engine,
  ctx: Ctx,
): Promise<void> {
  if (images.length === 0) throw new SlipwayError({ code: "SLIP_USAGE", message: "save needs an image" });
  const records = new Map(images.map((name) => [name, findImage(engine.store, name)]));
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
  const named = [...names].map(([id, own]) => ({
    image: exportImage(engine, findImage(engine.store, id)),
    names: own,
  }));
  const write = type === "oci" ? exportOci : exportDocker;
  await write(named, { dest, tar: true }, ctx);
}
