import type { Ctx } from "../../base/index.ts";
import type { ExportImage } from "../../export/index.ts";
import type { ImageRecord } from "../../store/index.ts";
import type { Engine } from "../engine/engine.ts";
import { exportImage } from "../outputs/export-image.ts";
import { keptAttestations } from "./kept-attestations.ts";

/** Images of the store as they leave without a build, with what the builds that made them wanted to be said of them. */
export async function withAttestations(
  records: readonly ImageRecord[],
  engine: Engine,
  ctx: Ctx,
): Promise<readonly ExportImage[]> {
  const images = records.map((record) => exportImage(engine, record));
  if (!records.some(({ id }) => keptAttestations(id, engine.store))) return images;
  const { attestationsOf } = await import("./attestations.ts");
  const all = attestationsOf(engine, ctx);
  return images.map((image, at) => ({ ...image, attach: all.attach(records[at] as ImageRecord) ?? image.attach }));
}
