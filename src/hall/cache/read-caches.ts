import { resolve } from "node:path";
import { type Digest, isDigest, parseByteSize, SlipwayError } from "../../base/index.ts";
import type { ImageForm } from "../../export/index.ts";
import { formatReference, isValidTag, parseReference } from "../../oci/index.ts";
import type { CacheSpec } from "../api/cache-api.ts";
import { Attributes, bad } from "../outputs/attributes.ts";
import { readImageForm } from "../outputs/image-form.ts";

/** A cache to read, as it was understood. */
export type CacheSource =
  | { readonly type: "registry"; readonly name: string }
  | {
      readonly type: "local";
      readonly folder: string;
      readonly tag: string | undefined;
      readonly digest: Digest | undefined;
    };

/** A cache to write, as it was understood. */
export type CacheTarget =
  | { readonly type: "inline" }
  | (WrittenCache & { readonly type: "registry"; readonly name: string })
  | (WrittenCache & { readonly type: "local"; readonly folder: string; readonly tag: string });

/** What caches on their own have. */
export interface WrittenCache {
  /** `min`: what the image's own steps gave; `max`: what all steps of the build gave. */
  readonly mode: "min" | "max";
  /** Without a compression: zstd, and layers that are there in another one stay so. */
  readonly form: Pick<ImageForm, "compression" | "level" | "force">;
  /** Ids of the cache mounts that travel along. */
  readonly mounts: readonly string[];
  /** Bytes that the files of one may have. */
  readonly mountsMax: number;
  /** A failure is only a warning. */
  readonly ignoreError: boolean;
}

const defaultMountsMax = 2e9;

/** Throws SLIP_USAGE and SLIP_UNSUPPORTED for attributes that slipway does not know; called before a build does anything. */
export function readCacheSources(specs: readonly CacheSpec[] = []): readonly CacheSource[] {
  return specs.map((spec) => reading("--cache-from", spec, readSource));
}

/** As readCacheSources. */
export function readCacheTargets(specs: readonly CacheSpec[] = []): readonly CacheTarget[] {
  const targets = specs.map((spec) => reading("--cache-to", spec, readTarget));
  if (targets.filter(({ type }) => type === "inline").length < 2) return targets;
  throw usage("--cache-to type=inline is given twice", "the image has place for one");
}

function readSource(spec: CacheSpec, attributes: Attributes): CacheSource {
  if (spec.type !== "local") return { type: "registry", name: readName(spec, attributes) };
  const folder = readFolder(spec, "src", attributes);
  const digest = attributes.text("digest");
  if (digest !== undefined && !isDigest(digest)) throw bad(`digest must be a sha256 digest, not ${digest}`);
  return { type: "local", folder, tag: readTag(attributes), digest };
}

function readTarget(spec: CacheSpec, attributes: Attributes): CacheTarget {
  if (spec.type === "inline") {
    if (attributes.choice("mode", ["min", "max"]) === "max")
      throw attributes.unsupported("mode", "max", "only the image's own layers have place in it: use type=registry");
    return { type: "inline" };
  }
  const place =
    spec.type === "registry"
      ? { type: spec.type, name: readName(spec, attributes) }
      : { type: spec.type, folder: readFolder(spec, "dest", attributes), tag: readTag(attributes) ?? "latest" };
  if (place.type === "registry" && place.name.includes("@"))
    throw bad(`ref must be a name that can be written to, not ${place.name}`, "leave the digest away: NAME:TAG");
  const { compression, level, force, format } = readImageForm(attributes, []);
  if (format === "docker")
    throw attributes.unsupported("oci-mediatypes", "false", "a cache is an OCI image manifest; leave it away");
  attributes.onlyFlag("image-manifest", true, "a cache is an OCI image manifest; leave it away");
  const mounts = listOf(attributes.text("mounts"));
  const mountsMax = attributes.text("mounts-max");
  if (mountsMax !== undefined && mounts.length === 0)
    throw bad("mounts-max is for cache mounts, and none is named", "add mounts=ID[,ID]");
  return {
    ...place,
    mode: attributes.choice("mode", ["min", "max"]) ?? "min",
    form: { compression, level, force },
    mounts,
    mountsMax: readSize(mountsMax),
    ignoreError: attributes.flag("ignore-error") ?? true,
  };
}

function readName({ type }: CacheSpec, attributes: Attributes): string {
  attributes.never("registry.insecure", 'docs/registries.md: {"registries": {"HOST": {"http": true}}}');
  const ref = attributes.text("ref");
  if (ref === undefined || ref === "") throw bad(`type=${type} needs a name`, "add ref=registry.example/app:cache");
  return formatReference(parseReference(ref));
}

function readFolder({ type }: CacheSpec, key: "src" | "dest", attributes: Attributes): string {
  const folder = attributes.text(key);
  if (folder === undefined || folder === "") throw bad(`type=${type} needs a folder`, `add ${key}=FOLDER`);
  return resolve(folder);
}

function readTag(attributes: Attributes): string | undefined {
  const tag = attributes.text("tag");
  if (tag !== undefined && !isValidTag(tag)) throw bad(`tag must be one as images have it, not ${JSON.stringify(tag)}`);
  return tag;
}

/** In one attribute commas would end it: ids stand in quotes, or with spaces between. */
function listOf(text: string | undefined): readonly string[] {
  return [...new Set((text ?? "").split(/[\s,]+/).filter((one) => one !== ""))];
}

function readSize(text: string | undefined): number {
  if (text === undefined) return defaultMountsMax;
  const size = parseByteSize(text);
  if (size !== undefined && size > 0) return size;
  throw bad(`mounts-max must be a size, not ${text}`, "write 500m or 2g");
}

function reading<T>(flag: string, spec: CacheSpec, read: (spec: CacheSpec, attributes: Attributes) => T): T {
  const attributes = new Attributes(spec.type, spec.attributes);
  try {
    const known = read(spec, attributes);
    attributes.end();
    return known;
  } catch (error) {
    if (!(error instanceof SlipwayError)) throw error;
    const { message, hint } = error;
    const code = error.code === "SLIP_OUTPUT" ? "SLIP_USAGE" : error.code;
    throw new SlipwayError({ code, message: `${flag}: ${message.replace("output attribute", "attribute")}`, hint });
  }
}

function usage(message: string, hint: string): SlipwayError {
  return new SlipwayError({ code: "SLIP_USAGE", message, hint });
}
