import { type Digest, SlipwayError, isDigest, isSha512 } from "../base/index.ts";
import { isIndexType, isManifestType, mediaTypes } from "./media-types.ts";
import type { Descriptor, ImageConfig, Index, Manifest, Platform } from "./model.ts";
import {
  type Check,
  arrayOf,
  boolean,
  dictionary,
  integer,
  literal,
  nullable,
  object,
  optional,
  string,
} from "./shape.ts";

/** Bytes that a document from outside may have; registries must take manifests of 4 MiB (distribution-spec, "Pushing Manifests"). */
const documentLimit = 8 * 1024 * 1024;

const maxItems = 10_000;
const strings = arrayOf(string(65_536), maxItems);
const texts = dictionary(string(1_048_576), maxItems);
const sets = dictionary(object({}), maxItems);

/** A sha256 digest. */
export const digestShape: Check = (value, at, fail) => {
  if (typeof value === "string" && isDigest(value)) return;
  const other = typeof value === "string" && isSha512(value);
  fail(at, other ? "is a sha512 digest, and slipway reads sha256 alone" : "must be a sha256 digest");
};

const mediaType: Check = (value, at, fail) => {
  const good =
    typeof value === "string" && /^[A-Za-z0-9][\w!#$&^.+-]{0,126}\/[A-Za-z0-9][\w!#$&^.+-]{0,126}$/.test(value);
  if (!good) fail(at, "must be a media type");
};

const platform = object({
  os: string(64),
  architecture: string(64),
  variant: optional(string(64)),
  "os.version": optional(string(256)),
  "os.features": optional(nullable(arrayOf(string(256), maxItems))),
});

const descriptor = object({
  mediaType,
  digest: digestShape,
  size: integer(0),
  annotations: optional(nullable(texts)),
  platform: optional(platform),
});

const manifest = object({
  schemaVersion: literal(2),
  mediaType: optional(mediaType),
  config: descriptor,
  layers: arrayOf(descriptor, maxItems),
  annotations: optional(nullable(texts)),
});

const index = object({
  schemaVersion: literal(2),
  mediaType: optional(mediaType),
  manifests: arrayOf(descriptor, maxItems),
  annotations: optional(nullable(texts)),
});

const containerConfig = object({
  User: optional(string(1024)),
  ExposedPorts: optional(nullable(sets)),
  Env: optional(nullable(arrayOf(string(1_048_576), maxItems))),
  Entrypoint: optional(nullable(strings)),
  Cmd: optional(nullable(strings)),
  Volumes: optional(nullable(sets)),
  WorkingDir: optional(string(4096)),
  Labels: optional(nullable(texts)),
  StopSignal: optional(string(64)),
  ArgsEscaped: optional(boolean),
  Healthcheck: optional(
    nullable(
      object({
        Test: optional(nullable(strings)),
        Interval: optional(integer()),
        Timeout: optional(integer()),
        StartPeriod: optional(integer()),
        StartInterval: optional(integer()),
        Retries: optional(integer()),
      }),
    ),
  ),
  OnBuild: optional(nullable(strings)),
  Shell: optional(nullable(strings)),
});

const imageConfig = object({
  created: optional(nullable(string(128))),
  author: optional(string(65_536)),
  architecture: string(64),
  os: string(64),
  variant: optional(string(64)),
  "os.version": optional(string(256)),
  "os.features": optional(nullable(arrayOf(string(256), maxItems))),
  config: optional(nullable(containerConfig)),
  rootfs: object({ type: literal("layers"), diff_ids: nullable(arrayOf(digestShape, maxItems)) }),
  history: optional(
    nullable(
      arrayOf(
        object({
          created: optional(nullable(string(128))),
          created_by: optional(string(1_048_576)),
          author: optional(string(65_536)),
          comment: optional(string(65_536)),
          empty_layer: optional(boolean),
        }),
        maxItems,
      ),
    ),
  ),
});

/** Bytes of a document from outside, or its text. */
export type DocumentText = Uint8Array | string;

/**
 * Reads a descriptor from outside (image-spec, descriptor.md).
 * @throws SLIP_OCI_INVALID, as all of these do
 */
export function parseDescriptor(text: DocumentText): Descriptor {
  return parse(text, "descriptor", descriptor) as Descriptor;
}

/** Reads a manifest from outside (image-spec, manifest.md; Docker schema 2). One without mediaType is an OCI manifest. */
export function parseManifest(text: DocumentText): Manifest {
  const value = parse(text, "manifest", manifest) as Partial<Manifest>;
  const type = value.mediaType ?? mediaTypes.oci.manifest;
  if (!isManifestType(type)) throw invalid("manifest", "mediaType", `is "${type}", which is no image manifest`);
  return { ...(value as Manifest), mediaType: type };
}

/** Reads an index from outside (image-spec, image-index.md; Docker manifest list). One without mediaType is an OCI index. */
export function parseIndex(text: DocumentText): Index {
  const value = parse(text, "index", index) as Partial<Index>;
  const type = value.mediaType ?? mediaTypes.oci.index;
  if (!isIndexType(type)) throw invalid("index", "mediaType", `is "${type}", which is no image index`);
  return { ...(value as Index), mediaType: type };
}

/** Reads a manifest or an index, whichever the text is; a text that could be both is refused (image-spec, manifest.md, "mediaType"). */
export function parseManifestOrIndex(text: DocumentText): Manifest | Index {
  const value = read(text, "manifest") as { readonly manifests?: unknown; readonly layers?: unknown };
  if (value?.manifests !== undefined && value.layers !== undefined) {
    throw invalid("manifest", "manifests", "and layers cannot both be there");
  }
  return value?.manifests === undefined ? parseManifest(text) : parseIndex(text);
}

/** Reads an image configuration from outside (image-spec, config.md). Null members, as Go writes them, are left out. */
export function parseConfig(text: DocumentText): ImageConfig {
  const value = parse(text, "image configuration", imageConfig) as ImageConfig;
  const layers = (value.history ?? []).filter((entry) => entry.empty_layer !== true).length;
  const diffIds: readonly Digest[] = value.rootfs.diff_ids ?? [];
  if (value.history && value.history.length > 0 && layers !== diffIds.length) {
    throw invalid("image configuration", "history", `tells of ${layers} layers, rootfs.diff_ids of ${diffIds.length}`);
  }
  const { config, history, created, ...rest } = value;
  return {
    ...rest,
    ...(created && { created }),
    ...(config && { config: withoutNulls(config) }),
    ...(history && { history: history.map(withoutNulls) }),
    rootfs: { type: "layers", diff_ids: diffIds },
  };
}

/** Throws SLIP_OCI_INVALID unless the configuration is for that platform and its layers are as many as the manifest's. */
export function checkImage(config: ImageConfig, manifestLayers: number, wanted?: Platform): void {
  if (config.rootfs.diff_ids.length !== manifestLayers) {
    const count = config.rootfs.diff_ids.length;
    throw invalid("image configuration", "rootfs.diff_ids", `has ${count} layers, the manifest ${manifestLayers}`);
  }
  if (wanted && (config.os !== wanted.os || config.architecture !== wanted.architecture)) {
    const asked = `${wanted.os}/${wanted.architecture}`;
    throw invalid("image configuration", "architecture", `is ${config.os}/${config.architecture}, asked for ${asked}`);
  }
}

function withoutNulls<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== null)) as T;
}

/**
 * Reads another JSON document from outside, by a check of its own.
 * @param kind what it is, for the message.
 */
export function parseShaped(text: DocumentText, kind: string, check: Check): unknown {
  return parse(text, kind, check);
}

function parse(text: DocumentText, kind: string, check: Check): unknown {
  const value = read(text, kind);
  check(value, "", (at, problem) => {
    throw invalid(kind, at, problem);
  });
  return value;
}

function read(text: DocumentText, kind: string): unknown {
  const length = typeof text === "string" ? Buffer.byteLength(text) : text.byteLength;
  if (length > documentLimit) throw invalid(kind, "", `is larger than ${documentLimit} bytes`);
  let value: unknown;
  try {
    const decoded = typeof text === "string" ? text : new TextDecoder("utf-8", { fatal: true }).decode(text);
    value = JSON.parse(decoded);
  } catch (cause) {
    throw invalid(kind, "", "is not JSON", cause);
  }
  if (isDeeperThan(value, 64)) throw invalid(kind, "", "is nested deeper than 64 levels");
  return value;
}

/** Level by level, so that a hostile depth cannot exhaust the stack here or in whoever walks the value later. */
function isDeeperThan(value: unknown, limit: number): boolean {
  let level: readonly unknown[] = [value];
  for (let depth = 0; depth <= limit; depth++) {
    const next: unknown[] = [];
    for (const item of level) {
      if (typeof item !== "object" || item === null) continue;
      for (const member of Object.values(item)) next.push(member);
    }
    if (next.length === 0) return false;
    level = next;
  }
  return true;
}

function invalid(kind: string, at: string, problem: string, cause?: unknown): SlipwayError {
  return new SlipwayError({
    code: "SLIP_OCI_INVALID",
    message: `Cannot use ${kind}: ${at === "" ? "it" : at} ${problem}`,
    hint: "whoever made the image wrote a document that the OCI image specification does not allow",
    cause,
  });
}
