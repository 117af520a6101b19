import { expect, test } from "vitest";
import { defaultPlatform, formatPlatform, layerCompression, parsePlatform, platformFits } from "./index.ts";

test.each([
  ["linux/amd64", "linux/amd64"],
  ["amd64", "linux/amd64"],
  ["x86_64", "linux/amd64"],
  ["Linux/AArch64", "linux/arm64"],
  ["linux/arm64/v8", "linux/arm64"],
  ["linux/arm/v6", "linux/arm/v6"],
  ["armhf", "linux/arm/v7"],
])("parsePlatform(%j) is %s", (text, whole) => {
  expect(formatPlatform(parsePlatform(text))).toBe(whole);
});

test.each(["", "linux/", "a/b/c/d", "linux/am d64", "linux//v8"])("parsePlatform refuses %j", (text) => {
  expect(() => parsePlatform(text)).toThrow(expect.objectContaining({ code: "SLIP_USAGE" }) as Error);
});

test("this machine's platform is named as images name it", () => {
  expect(formatPlatform(defaultPlatform())).toBe(process.arch === "x64" ? "linux/amd64" : `linux/${process.arch}`);
});

test("an image fits its platform, said in either way, and no other", () => {
  const arm = parsePlatform("linux/arm64");
  expect(platformFits({ os: "linux", architecture: "arm64", variant: "v8" }, arm)).toBe(true);
  expect(platformFits(parsePlatform("linux/arm/v6"), parsePlatform("linux/arm/v7"))).toBe(false);
  expect(platformFits(parsePlatform("amd64"), arm)).toBe(false);
});

test.each([
  ["application/vnd.oci.image.layer.v1.tar+gzip", "gzip"],
  ["application/vnd.oci.image.layer.v1.tar+zstd", "zstd"],
  ["application/vnd.oci.image.layer.v1.tar", "none"],
  ["application/vnd.docker.image.rootfs.diff.tar.gzip", "gzip"],
  ["application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", "gzip"],
  ["application/vnd.oci.image.layer.nondistributable.v1.tar+zstd", "zstd"],
  ["application/vnd.in-toto+json", undefined],
])("a layer of type %s is compressed by %s", (mediaType, compression) => {
  expect(layerCompression(mediaType)).toBe(compression);
});
