import { type Ctx, SlipwayError } from "../base/index.ts";
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
  const [name, ...more] = images;
  if (name === undefined) throw new SlipwayError({ code: "SLIP_USAGE", message: "save needs an image" });
  if (more.length > 0) {
    const message = "Saving several images into one archive is not supported yet";
    throw new SlipwayError({ code: "SLIP_UNSUPPORTED", message, hint: "save them one by one" });
  }
  const record = findImage(engine.store, name);
  const byId = record.id === name || record.id.slice(7).startsWith(name);
  const names = wholeNames(byId ? [] : [name]);
  const write = type === "oci" ? exportOci : exportDocker;
  await write(exportImage(engine, record), { dest, names, tar: true }, ctx);
}
