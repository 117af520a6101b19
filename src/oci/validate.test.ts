import { describe, expect, test } from "vitest";
import { sha256 } from "../base/index.ts";
import {
  checkImage,
  encodeConfig,
  type ImageConfig,
  makeIndex,
  makeManifest,
  mediaTypes,
  parseConfig,
  parseDescriptor,
  parseIndex,
  parseManifest,
  parseManifestOrIndex,
} from "./index.ts";

const digest = sha256("x");
const layer = { mediaType: mediaTypes.oci.layer.gzip, digest, size: 10 };
const config: ImageConfig = {
  architecture: "amd64",
  os: "linux",
  created: "2026-01-01T00:00:00Z",
  config: { Env: ["A=b"], Cmd: ["sh"], ExposedPorts: { "80/tcp": {} } },
  rootfs: { type: "layers", diff_ids: [digest] },
  history: [{ created_by: "COPY" }, { created_by: "ENV", empty_layer: true }],
};
const invalid = (at: string): Error =>
  expect.objectContaining({ code: "SLIP_OCI_INVALID", message: expect.stringContaining(at) as string }) as Error;

describe.each(["oci", "docker"] as const)("documents in format %s", (format) => {
  const encoded = encodeConfig(config, format);
  const manifest = makeManifest({ config: encoded.descriptor, layers: [layer], format });

  test("are read as they were made, and their digests are those of their bytes", () => {
    expect(parseConfig(encoded.bytes)).toEqual(config);
    expect(encoded.id).toBe(sha256(encoded.bytes));
    expect(parseManifest(manifest.bytes)).toEqual(manifest.value);
    expect(manifest.descriptor).toEqual({
      mediaType: mediaTypes[format].manifest,
      digest: sha256(manifest.bytes),
      size: manifest.bytes.length,
    });
    const index = makeIndex({ manifests: [manifest.descriptor], format, annotations: { a: "b" } });
    expect(parseIndex(index.bytes)).toEqual(index.value);
    expect(parseManifestOrIndex(index.bytes)).toEqual(index.value);
    expect(parseManifestOrIndex(manifest.bytes)).toEqual(manifest.value);
  });

  test("have the same bytes for the same content in another order", () => {
    const { rootfs, ...rest } = config;
    expect(encodeConfig({ rootfs, ...rest }, format).id).toBe(encoded.id);
  });
});

const manifest = { schemaVersion: 2, mediaType: mediaTypes.oci.manifest, config: layer, layers: [layer] };

describe("parseManifest refuses", () => {
  test.each<[string, unknown, string]>([
    ["a list", [], "must be an object"],
    ["null", null, "must be an object"],
    ["schema 1", { ...manifest, schemaVersion: 1 }, "schemaVersion"],
    ["an index", { ...manifest, mediaType: mediaTypes.oci.index }, "mediaType"],
    ["no config", { ...manifest, config: undefined }, "config is missing"],
    ["layers that are no list", { ...manifest, layers: {} }, "layers"],
    ["a negative size", { ...manifest, layers: [{ ...layer, size: -1 }] }, "layers[0].size"],
    ["a size with a fraction", { ...manifest, layers: [{ ...layer, size: 1.5 }] }, "layers[0].size"],
    ["a size that is text", { ...manifest, layers: [{ ...layer, size: "1" }] }, "layers[0].size"],
    [
      "a digest that leads elsewhere",
      { ...manifest, layers: [layer, { ...layer, digest: "sha256:../../x" }] },
      "layers[1].digest",
    ],
    ["a digest in capitals", { ...manifest, config: { ...layer, digest: digest.toUpperCase() } }, "config.digest"],
    ["a media type with a newline", { ...manifest, config: { ...layer, mediaType: "a/b\nX: y" } }, "config.mediaType"],
    ["annotations that are no text", { ...manifest, annotations: { a: 1 } }, "annotations.a"],
    ["too many layers", { ...manifest, layers: Array.from({ length: 10_001 }, () => layer) }, "more than 10000"],
  ])("%s", (_case, value, at) => {
    expect(() => parseManifest(JSON.stringify(value))).toThrow(invalid(at));
  });

  test.each<[string, string | Uint8Array, string]>([
    ["what is no JSON", "{", "is not JSON"],
    ["what is no UTF-8", Buffer.from([0x22, 0xff, 0x22]), "is not JSON"],
    ["nothing", "", "is not JSON"],
    ["deep nesting", `${'{"a":'.repeat(100_000)}1${"}".repeat(100_000)}`, "deeper"],
    ["deep nesting of lists", `${"[".repeat(70)}${"]".repeat(70)}`, "deeper"],
    ["a document of 9 MiB", " ".repeat(9 << 20), "larger"],
  ])("%s", (_case, text, at) => {
    expect(() => parseManifest(text)).toThrow(invalid(at));
  });

  test("what is a manifest and an index at once", () => {
    expect(() => parseManifestOrIndex(JSON.stringify({ ...manifest, manifests: [] }))).toThrow(invalid("both"));
    expect(() => parseManifestOrIndex("null")).toThrow(invalid("object"));
  });
});

test("documents without mediaType are OCI documents", () => {
  expect(parseManifest(JSON.stringify({ ...manifest, mediaType: undefined })).mediaType).toBe(mediaTypes.oci.manifest);
  expect(parseIndex('{"schemaVersion":2,"manifests":[]}').mediaType).toBe(mediaTypes.oci.index);
});

test("a sha512 digest, which is registered and which nobody must read, is refused by its name", () => {
  const descriptor = { mediaType: "application/x-a", digest: `sha512:${"a".repeat(128)}`, size: 1 };
  const parse = (digest: string) => () => parseDescriptor(JSON.stringify({ ...descriptor, digest }));
  expect(parse(descriptor.digest)).toThrow("is a sha512 digest, and slipway reads sha256 alone");
  expect(parse("sha512:a")).toThrow("must be a sha256 digest");
});

test("parseDescriptor keeps the platform and refuses a bad one", () => {
  const platform = { os: "linux", architecture: "arm64", variant: "v8" };
  expect(parseDescriptor(JSON.stringify({ ...layer, platform }))).toEqual({ ...layer, platform });
  expect(() => parseDescriptor(JSON.stringify({ ...layer, platform: { os: 1 } }))).toThrow(invalid("platform.os"));
});

describe("parseConfig", () => {
  test("leaves out the nulls that Go writes and keeps members that it does not know", () => {
    const read = parseConfig(
      JSON.stringify({
        ...config,
        container: "abc",
        history: null,
        config: { Cmd: null, Entrypoint: ["a"], Volumes: null, Hostname: "" },
      }),
    );
    expect(read).not.toHaveProperty("history");
    expect(read.config).toEqual({ Entrypoint: ["a"], Hostname: "" });
    expect(read).toHaveProperty("container", "abc");
  });

  test.each<[string, unknown, string]>([
    ["another kind of root file system", { ...config, rootfs: { type: "x", diff_ids: [] } }, "rootfs.type"],
    ["no root file system", { ...config, rootfs: undefined }, "rootfs is missing"],
    ["a diff id that is none", { ...config, rootfs: { type: "layers", diff_ids: ["x"] } }, "rootfs.diff_ids[0]"],
    ["a variable that is a number", { ...config, config: { Env: [1] } }, "config.Env[0]"],
    ["a command that is text", { ...config, config: { Cmd: "sh" } }, "config.Cmd"],
    ["a variable with a NUL", { ...config, config: { Env: ["A=\0"] } }, "config.Env[0]"],
    ["a label that is a list", { ...config, config: { Labels: { "a b": [] } } }, 'config.Labels["a b"]'],
    ["a history of more layers", { ...config, history: [{}, {}] }, "history"],
  ])("refuses %s", (_case, value, at) => {
    expect(() => parseConfig(JSON.stringify(value))).toThrow(invalid(at));
  });
});

test("checkImage refuses another number of layers and another platform", () => {
  checkImage(config, 1, { os: "linux", architecture: "amd64" });
  expect(() => checkImage(config, 2)).toThrow(invalid("2"));
  expect(() => checkImage(config, 1, { os: "linux", architecture: "arm64" })).toThrow(invalid("linux/arm64"));
});
