import type { Ctx } from "../../base/index.ts";
import { formatReference, parseReference } from "../../oci/index.ts";
import type { ImageRecord, Store } from "../../store/index.ts";
import type { Sbom, SbomOptions } from "../api/attest-api.ts";
import type { Engine } from "../engine/engine.ts";
import type { Plain } from "../engine/protocol.ts";
import { findImage } from "../images/find-image.ts";
import { sbomSubject, softwareOf } from "./software-of.ts";

/** The engine's part of `sbom`. */
export async function sbomInEngine(
  { image, platform, format = "spdx-json" }: Plain<SbomOptions>,
  engine: Engine,
  { signal }: Ctx,
): Promise<Sbom> {
  const { cyclonedxDocument, packageUrl, spdxDocument } = await import("../../attest/index.ts");
  const record = findImage(engine.store, image, platform);
  const found = await softwareOf(record, engine, signal);
  const write = format === "spdx-json" ? spdxDocument : cyclonedxDocument;
  return {
    imageId: record.id,
    packages: found.packages.map((item) => ({ ...item, purl: packageUrl(item, found.distribution) })),
    distribution: found.distribution,
    notes: found.notes,
    document: write(found, sbomSubject(nameOf(image, record, engine.store), record)),
  };
}

/** The whole name that an image was asked for by; its id where that was no name of it. */
function nameOf(asked: string, { id }: ImageRecord, store: Store): string {
  const names = store.images.names(id).map((name) => formatReference(parseReference(name)));
  if (/^(?:sha256:)?[a-f0-9]{12,64}$/.test(asked)) return id;
  const whole = formatReference(parseReference(asked));
  return names.includes(whole) ? whole : id;
}
