import type { Annotation, AnnotationPlace, ImageForm } from "../../export/index.ts";
import { formatPlatform, parsePlatform } from "../../oci/index.ts";
import { type Attributes, bad } from "./attributes.ts";

const compressions = ["uncompressed", "gzip", "zstd"] as const;
/** Levels as BuildKit has them. */
const highest = { gzip: 9, zstd: 22 } as const;

const places = ["manifest", "manifest-descriptor", "index", "index-descriptor"] as const;

/** `annotation.KEY`, `annotation-PLACE.KEY`, `annotation-PLACE[PLATFORM].KEY`. */
const annotation = /^annotation(?:-([a-z-]+))?(?:\[([\w./-]+)\])?\.(\S+)$/;

/**
 * How an output's images are written down: compression, media types, annotations.
 * @param annotations of the build; those of the output come after them.
 * @throws SLIP_OUTPUT, SLIP_UNSUPPORTED
 */
export function readImageForm(attributes: Attributes, annotations: readonly Annotation[]): ImageForm {
  const compression = readCompression(attributes);
  const level = readLevel(attributes, compression);
  const force = attributes.flag("force-compression");
  const oci = attributes.flag("oci-mediatypes");
  const own = attributes
    .matching(annotation)
    .map(({ match: [, on, platform, key = ""], value }) => readAnnotation(on, platform, key, value));
  const all = [...annotations, ...own];
  if (oci === false && compression === "zstd")
    throw bad("compression=zstd and oci-mediatypes=false contradict each other");
  if (oci === false && all.length > 0) {
    throw bad("Annotations and oci-mediatypes=false contradict each other", "docker's media types have no annotations");
  }
  return {
    compression,
    level,
    force,
    format: oci === undefined ? undefined : oci ? "oci" : "docker",
    annotations: all.length > 0 ? all : undefined,
  };
}

/**
 * An annotation for a place.
 * @param on where to; the manifest without it.
 * @throws SLIP_OUTPUT for a place or platform that there is not
 */
export function readAnnotation(
  on: string | undefined,
  platform: string | undefined,
  key: string,
  value: string,
): Annotation {
  const place: AnnotationPlace | undefined = on === undefined ? "manifest" : places.find((one) => one === on);
  if (place === undefined) throw bad(`Unknown place ${on} of the annotation ${key}`, `it is ${places.join(", ")}`);
  if (platform !== undefined && place.startsWith("index")) {
    throw bad(`The annotation ${key} is for the ${place} of ${platform}, but an index is one for all platforms`);
  }
  return { on: place, platform: platform && formatPlatform(parsePlatform(platform)), key, value };
}

function readCompression(attributes: Attributes): ImageForm["compression"] {
  attributes.neverBe("compression", "estargz", "it is gzip, zstd or uncompressed");
  const compression = attributes.choice("compression", compressions);
  return compression === "uncompressed" ? "none" : compression;
}

function readLevel(attributes: Attributes, compression: ImageForm["compression"] = "gzip"): number | undefined {
  if (compression !== "none") return attributes.count("compression-level", 0, highest[compression]);
  if (attributes.text("compression-level") === undefined) return undefined;
  throw bad("compression=uncompressed has no compression-level");
}
