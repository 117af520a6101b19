import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { tempFolder } from "../../test/support/store-lab.ts";
import { describe as describeBytes, makeIndex, makeManifest, mediaTypes, type Platform } from "../oci/index.ts";
import { findManifest, openOciLayout, parseLayoutReference } from "./index.ts";

const digest = `sha256:${"a".repeat(64)}` as const;

test.each([
  ["oci-layout://dir", { folder: "dir", tag: undefined, digest: undefined }],
  ["oci-layout:///srv/a:v1", { folder: "/srv/a", tag: "v1", digest: undefined }],
  [`oci-layout:///srv/a@${digest}`, { folder: "/srv/a", tag: undefined, digest }],
  [`oci-layout:///srv/a:v1@${digest}`, { folder: "/srv/a", tag: "v1", digest }],
  ["oci-layout:///srv/a@b:v1", { folder: "/srv/a@b", tag: "v1", digest: undefined }],
  ["oci-layout:///srv/a:b/c", { folder: "/srv/a:b/c", tag: undefined, digest: undefined }],
])("%s", (text, wanted) => {
  expect(parseLayoutReference(text)).toEqual(wanted);
});

test("what names no layout, and one without a folder", () => {
  expect(parseLayoutReference("docker-image://a")).toBeUndefined();
  expect(() => parseLayoutReference("oci-layout://")).toThrow(expect.objectContaining({ code: "SLIP_REFERENCE" }));
});

/** A layout with an index of images for platforms; gives its folder. */
function layout(platforms: readonly Platform[], more: Readonly<Record<string, string>> = {}): string {
  const folder = tempFolder();
  const write = (path: string, bytes: Uint8Array | string): void => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), bytes);
  };
  const blob = (bytes: Uint8Array): void => {
    write(`blobs/sha256/${describeBytes(bytes, "").digest.slice(7)}`, bytes);
  };
  const manifests = platforms.map((platform) => {
    const config = describeBytes(Buffer.from(JSON.stringify(platform)), mediaTypes.oci.config);
    const made = makeManifest({ config, layers: [] });
    blob(made.bytes);
    return { ...made.descriptor, platform };
  });
  const inner = makeIndex({ manifests });
  blob(inner.bytes);
  const annotations = { "org.opencontainers.image.ref.name": "v1" };
  write("index.json", makeIndex({ manifests: [{ ...inner.descriptor, annotations }] }).bytes);
  write("oci-layout", '{"imageLayoutVersion":"1.0.0"}');
  for (const [path, text] of Object.entries(more)) write(path, text);
  return folder;
}

const amd64 = { os: "linux", architecture: "amd64" };
const arm64 = { os: "linux", architecture: "arm64" };

test("an index leads to the image for the platform", async () => {
  const opened = openOciLayout(layout([amd64, arm64]));
  for (const platform of [amd64, arm64]) {
    const found = await findManifest(opened, opened.find({ tag: "v1", digest: undefined }), platform);
    expect(found.descriptor.platform).toEqual(platform);
    expect(found.indexes).toHaveLength(1);
  }
  const wanted = findManifest(opened, opened.find({ tag: undefined, digest: undefined }), {
    ...amd64,
    architecture: "riscv64",
  });
  await expect(wanted).rejects.toMatchObject({
    code: "SLIP_IMAGE_UNKNOWN",
    message: expect.stringContaining("linux/riscv64"),
    hint: "it has images for linux/amd64, linux/arm64",
  });
});

test("a digest finds what no name leads to", async () => {
  const opened = openOciLayout(layout([amd64]));
  const index = opened.find({ tag: "v1", digest: undefined });
  expect(opened.find({ tag: undefined, digest: index.digest })).toEqual(index);
  const inner = await findManifest(opened, index, amd64);
  const alone = opened.find({ tag: "other", digest: inner.descriptor.digest });
  expect((await findManifest(opened, alone, arm64)).manifest).toEqual(inner.manifest);
});

test.each([
  ["is not JSON", { "oci-layout": "x" }, "SLIP_OCI_INVALID"],
  ["is of another version", { "oci-layout": '{"imageLayoutVersion":"2.0.0"}' }, "SLIP_OCI_INVALID"],
  ["has an index that is none", { "index.json": "[]" }, "SLIP_OCI_INVALID"],
])("a layout that %s", (_what, more, code) => {
  expect(() => openOciLayout(layout([amd64], more))).toThrow(expect.objectContaining({ code }));
});

test("a folder that is no layout", () => {
  expect(() => openOciLayout(tempFolder())).toThrow(expect.objectContaining({ code: "SLIP_CONTEXT" }));
});

test("indexes that never end are given up", async () => {
  const folder = tempFolder();
  mkdirSync(join(folder, "blobs/sha256"), { recursive: true });
  let inner = makeIndex({ manifests: [] });
  for (let depth = 0; depth < 8; depth++) {
    writeFileSync(join(folder, "blobs/sha256", inner.descriptor.digest.slice(7)), inner.bytes);
    inner = makeIndex({ manifests: [{ ...inner.descriptor, annotations: { depth: String(depth) } }] });
  }
  writeFileSync(join(folder, "index.json"), inner.bytes);
  writeFileSync(join(folder, "oci-layout"), '{"imageLayoutVersion":"1.0.0"}');
  const opened = openOciLayout(folder);
  await expect(findManifest(opened, opened.find({ tag: undefined, digest: undefined }), amd64)).rejects.toMatchObject({
    code: "SLIP_OCI_INVALID",
  });
});
