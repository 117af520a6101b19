import { formatReference, parseReference } from "../../oci/index.ts";
import type { BuildResult } from "../api/api.ts";

/**
 * What a build made, by the names that buildx's `--metadata-file` has for it. Of several outputs of images the last counts, as with BuildKit. An
 * image that left the store nowhere has no manifest: its digest is then that of its configuration, as with docker's own image store.
 */
export function buildMetadata({
  imageId,
  images,
  names,
  outputs,
  record,
}: BuildResult): Readonly<Record<string, unknown>> {
  const written = outputs.findLast(({ descriptor }) => descriptor !== undefined);
  const whole = written?.names ?? names.map((name) => formatReference(parseReference(name)));
  const digest = written?.digest ?? imageId;
  const [config, ...others] = written?.configs ?? images.map((image) => image.imageId);
  return {
    ...recordMetadata(record),
    ...(others.length === 0 && { "containerimage.config.digest": config }),
    ...(written && { "containerimage.descriptor": written.descriptor }),
    "containerimage.digest": digest,
    ...(whole.length > 0 && { "image.name": namesOf(written, outputs, whole).join(",") }),
  };
}

/** buildx names a builder, one of its machines and the build: there is neither, but programs want three parts. */
function recordMetadata(record: BuildResult["record"]): Readonly<Record<string, unknown>> {
  if (!record) return {};
  const one = record.provenance.length === 1;
  return {
    ...Object.fromEntries(
      record.provenance.map(({ platform, predicate }) => [
        `buildx.build.provenance${one ? "" : `/${platform}`}`,
        predicate,
      ]),
    ),
    "buildx.build.ref": `slipway/local/${record.invocationId}`,
  };
}

/** A push under several names is an output a name. */
function namesOf(
  written: BuildResult["outputs"][number] | undefined,
  outputs: BuildResult["outputs"],
  own: readonly string[],
): readonly string[] {
  if (written?.type !== "registry") return own;
  const same = outputs.filter(({ type, digest }) => type === "registry" && digest === written.digest);
  return same.flatMap(({ names = [] }) => names);
}
