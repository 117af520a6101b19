import { realpathSync } from "node:fs";
import { basename, dirname, join, relative, resolve } from "node:path";
import { type Ctx, SlipwayError } from "../../base/index.ts";
import type { Annotation } from "../../export/index.ts";
import { formatReference, parseReference } from "../../oci/index.ts";
import type { OutputSpec } from "../api/output-api.ts";
import { Attributes, bad } from "./attributes.ts";
import { readAnnotation, readImageForm } from "./image-form.ts";
import type { ArchiveOutput, ImageOutput, LoadOutput, LocalOutput, Output, TarOutput } from "./output.ts";

/** What is known of a build before it does anything. */
export interface Outgoing {
  readonly outputs?: readonly OutputSpec[] | undefined;
  readonly tags?: readonly string[] | undefined;
  /** How many platforms are built for; one without it. */
  readonly platforms?: number | undefined;
  /** For all outputs of images that leave the store. */
  readonly annotations?: readonly Annotation[] | undefined;
  /** `buildx.local.delete`: mode=delete may empty the working folder and folders outside of it. */
  readonly allow?: readonly string[] | undefined;
}

/**
 * Reads all outputs of a build. Throws SLIP_OUTPUT or SLIP_UNSUPPORTED for attributes that slipway does not know, that contradict each other
 * or that cannot hold what is built; called before a build does anything.
 */
export function readOutputs(given: Outgoing): readonly Output[] {
  const annotations = given.annotations?.map(({ on, platform, key, value }) =>
    readAnnotation(on, platform, key, value),
  );
  const outgoing = { ...given, annotations };
  const read = (given.outputs ?? []).flatMap((spec) => readOutput(spec, outgoing) ?? []);
  checkPlaces(read);
  checkAnnotated(read, annotations);
  return read;
}

/** Tells of times that were to be rewritten, where there is none to rewrite them to. */
export function tellTimes(outputs: readonly Output[], epoch: number | undefined, { emit }: Pick<Ctx, "emit">): void {
  if (epoch !== undefined || !outputs.some((output) => "rewrites" in output && output.rewrites)) return;
  emit({
    type: "warning",
    message: "rewrite-timestamp=true rewrites nothing: no time is set",
    hint: "--build-arg SOURCE_DATE_EPOCH=SECONDS sets it",
  });
}

/** Whether an output has to be made by the engine. */
export function leavesStore({ type, attributes }: OutputSpec): boolean {
  if (type === "cacheonly") return false;
  return type !== "image" || attributes["push"] !== undefined;
}

/** The names that the image gets in the store: those of the build, then those of outputs of type "image". */
export function storedNames({ outputs = [], tags = [] }: Pick<Outgoing, "outputs" | "tags">): readonly string[] {
  if (outputs.length > 0 && outputs.every(({ type }) => type === "cacheonly")) return [];
  const images = outputs.filter(({ type }) => type === "image" || type === "registry");
  const kept = images.filter(({ type, attributes }) => isStored(new Attributes(type, attributes)));
  const named = kept.flatMap(({ attributes }) => listed(attributes["name"]));
  return [...new Set([...(images.length > kept.length ? [] : tags), ...named])];
}

/** An image that is pushed by digest, or without being stored, gets no name here either. */
function isStored(attributes: Attributes): boolean {
  return attributes.flag("store") !== false && attributes.flag("push-by-digest") !== true;
}

function readOutput(spec: OutputSpec, outgoing: Outgoing): Output | undefined {
  const attributes = new Attributes(spec.type, spec.attributes);
  const output = readTyped(spec, attributes, outgoing);
  attributes.end();
  return output;
}

function readTyped(spec: OutputSpec, attributes: Attributes, outgoing: Outgoing): Output | undefined {
  switch (spec.type) {
    case "image":
    case "registry":
      return readImage(spec, attributes, outgoing);
    case "oci":
      return readArchive(spec, attributes, outgoing);
    case "docker":
      return spec.dest === undefined ? readLoad(attributes, outgoing) : readArchive(spec, attributes, outgoing);
    case "local":
      return readLocal(spec, attributes, outgoing);
    case "tar":
      return readTar(spec, attributes, outgoing);
    case "cacheonly":
      return undefined;
  }
}

function readImage({ type, dest }: OutputSpec, attributes: Attributes, outgoing: Outgoing): ImageOutput {
  if (dest !== undefined) {
    throw bad(`type=${type} takes no dest`, "the image lands in the store; name it with --tag");
  }
  const push = attributes.flag("push") ?? type === "registry";
  if (!push && type === "registry") throw bad("type=registry and push=false contradict each other", "write type=image");
  const byDigest = attributes.flag("push-by-digest") ?? false;
  const insecure = attributes.flag("registry.insecure") ?? false;
  // Here every image is unpacked, and is found by its digest.
  attributes.flag("unpack");
  attributes.flag("store");
  const canonical = attributes.flag("name-canonical");
  const prefix = attributes.text("dangling-name-prefix");
  const onlyNameless = attributes.flag("danging-name-empty-only") ?? false;
  const given = namesOf(attributes, outgoing);
  // An image in the store has no place for the build's annotations; one of this output's own is refused below.
  const common = readCommon(attributes, byDigest ? [] : given, push ? outgoing : {});
  if (push) {
    const repositories = byDigest ? given.map(repository) : [];
    if (prefix !== undefined && !(onlyNameless && given.length > 0)) repositories.push(repository(prefix));
    if (common.names.length + repositories.length === 0) {
      throw bad("Cannot push an image without a name", "the name says where to: --tag registry.example/team/app:1.0");
    }
    return { ...common, type: "image", push: { repositories, insecure } };
  }
  const { compression, level, force, format, annotations } = common.form;
  const odd = Object.entries({
    compression: compression === "none" ? "uncompressed" : compression,
    "compression-level": level,
    "force-compression": force,
    "oci-mediatypes": format && format === "oci",
    annotation: annotations?.[0]?.key,
    "name-canonical": canonical || undefined,
    "dangling-name-prefix": prefix,
    "push-by-digest": byDigest || undefined,
  }).find(([, value]) => value !== undefined);
  if (odd) {
    const hint = "an image in the store has no manifest and no compression: add push=true, or write type=oci";
    throw attributes.unsupported(odd[0], String(odd[1]), hint);
  }
  return { ...common, type: "image", push: undefined };
}

function readArchive({ type, dest = "" }: OutputSpec, attributes: Attributes, outgoing: Outgoing): ArchiveOutput {
  if (dest === "") throw bad(`type=${type} needs a destination`, "add dest=FILE, or dest=- for standard output");
  if (type === "docker") checkOnePlatform(outgoing);
  const tar = attributes.flag("tar") ?? true;
  if (!tar && dest === "-")
    throw bad("tar=false writes a folder, which standard output cannot hold", "give dest= a folder");
  const common = readCommon(attributes, namesOf(attributes, outgoing), outgoing);
  // An OCI layout has OCI documents, whatever an image came with.
  const { format = type === "oci" ? "oci" : undefined } = common.form;
  return { ...common, form: { ...common.form, format }, type: type === "docker" ? type : "oci", dest, tar };
}

function readLoad(attributes: Attributes, outgoing: Outgoing): LoadOutput {
  const context = attributes.text("context");
  if (attributes.flag("tar") === false) throw attributes.unsupported("tar", "false", "add dest=FOLDER");
  return { type: "load", context, ...readCommon(attributes, namesOf(attributes, outgoing), outgoing) };
}

function readLocal({ dest = "" }: OutputSpec, attributes: Attributes, { platforms = 1, allow }: Outgoing): LocalOutput {
  if (dest === "") throw bad("type=local needs a destination", "add dest=FOLDER");
  if (dest === "-")
    throw bad("type=local writes a folder, which standard output cannot hold", "type=tar,dest=- writes a tar");
  const clean = attributes.choice("mode", ["copy", "delete"]) === "delete";
  if (clean && !allow?.includes("buildx.local.delete")) checkBelow(dest);
  readTimes(attributes);
  const split = attributes.flag("platform-split") ?? platforms > 1;
  return { type: "local", dest, clean, split, attestationPrefix: attestationPrefix(attributes) };
}

function readTar({ dest = "" }: OutputSpec, attributes: Attributes, { platforms = 1 }: Outgoing): TarOutput {
  if (dest === "") throw bad("type=tar needs a destination", "add dest=FILE, or dest=- for standard output");
  const split = attributes.flag("platform-split") ?? platforms > 1;
  if (!split && platforms > 1) {
    const hint = "each platform gets a folder without it; type=local can put them into one";
    throw attributes.unsupported("platform-split", "false", hint);
  }
  readTimes(attributes);
  return { type: "tar", dest, split, attestationPrefix: attestationPrefix(attributes) };
}

function attestationPrefix(attributes: Attributes): string {
  const prefix = attributes.text("attestation-prefix") ?? "";
  if (!/[/\0]/.test(prefix)) return prefix;
  throw bad("attestation-prefix has a slash in it", "attestations lie beside the image's root folders");
}

/** Its own names, or else those of the build. */
function namesOf(attributes: Attributes, { tags = [] }: Outgoing): readonly string[] {
  const own = listed(attributes.text("name"));
  return own.length > 0 ? own : tags;
}

function readCommon(
  attributes: Attributes,
  given: readonly string[],
  { annotations = [] }: Outgoing,
): Pick<ImageOutput, "names" | "form" | "ownTimes" | "rewrites"> {
  const names = given.map(wholeName);
  const rewrite = attributes.flag("rewrite-timestamp");
  readTimes(attributes);
  attributes.onlyFlag("oci-artifact", false, "--attest-as=referrers attaches artifacts");
  attributes.onlyFlag("prefer-nondist-layers", false, "layers get the usual media types");
  return {
    names,
    form: readImageForm(attributes, annotations),
    ownTimes: rewrite === false,
    rewrites: rewrite === true,
  };
}

function readTimes(attributes: Attributes): void {
  attributes.never("source-date-epoch", "it is one for the whole build: --build-arg SOURCE_DATE_EPOCH=...");
}

function checkOnePlatform({ platforms = 1 }: Outgoing): void {
  if (platforms > 1)
    throw bad("A docker archive holds images of one platform", "use type=oci, or build for one platform");
}

function wholeName(name: string): string {
  const reference = parseReference(name);
  if (reference.digest === undefined) return formatReference(reference);
  const message = `Cannot name an image ${JSON.stringify(name)}: a digest is what an image has, not a name for it`;
  throw new SlipwayError({ code: "SLIP_REFERENCE", message, hint: "write NAME:TAG" });
}

/** A name without tag. Throws for one with a tag: what is pushed by its digest gets none. */
function repository(name: string): string {
  const { domain, path, digest } = parseReference(name);
  if (digest !== undefined || name.slice(name.lastIndexOf("/") + 1).includes(":")) {
    throw bad(`Cannot push ${name} by digest: it has a tag`, "write the repository alone: registry.example/team/app");
  }
  return `${domain}/${path}`;
}

/** The names in an output's attribute `name`: a list with commas between. */
function listed(name: string | undefined): readonly string[] {
  return (name ?? "")
    .split(",")
    .map((one) => one.trim())
    .filter((one) => one !== "");
}

/** As buildx does: what lies outside of the working folder, or is that folder, is not emptied by mistake. */
function checkBelow(dest: string): void {
  const way = relative(realPath("."), realPath(dest));
  if (way !== "" && way !== ".." && !way.startsWith("../")) return;
  throw new SlipwayError({
    code: "SLIP_NOT_ALLOWED",
    message: `mode=delete may remove files in "${dest}", which is not below the working folder`,
    hint: "--allow buildx.local.delete permits it",
  });
}

/** With the links of all that exists of it resolved. */
function realPath(path: string): string {
  const whole = resolve(path);
  try {
    return realpathSync(whole);
  } catch {
    return whole === dirname(whole) ? whole : join(realPath(dirname(whole)), basename(whole));
  }
}

/** Annotations that nothing could carry are a mistake. */
function checkAnnotated(outputs: readonly Output[], annotations: readonly Annotation[] | undefined): void {
  if (!annotations || annotations.length === 0) return;
  if (outputs.some((output) => "form" in output && (output.type !== "image" || output.push))) return;
  throw bad(
    "Annotations are a part of what leaves the store, and no output takes the image out",
    "add --push, --load or --output type=oci; labels stay with the image: --label",
  );
}

function checkPlaces(outputs: readonly Output[]): void {
  const places = outputs.flatMap((output) => ("dest" in output ? output.dest : []));
  const twice = places.find((dest, at) => places.indexOf(dest) < at);
  if (twice === undefined) return;
  throw bad(
    twice === "-" ? "Two outputs write to standard output" : `Two outputs write to "${twice}"`,
    "give one of them another dest",
  );
}
