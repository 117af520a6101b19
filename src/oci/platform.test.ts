import { expect, test } from "vitest";
import {
  bestPlatform,
  defaultPlatform,
  formatPlatform,
  layerCompression,
  parsePlatform,
  platformFits,
} from "./index.ts";

test.each([
  ["linux/amd64", "linux/amd64"],
  ["amd64", "linux/amd64"],
  ["x86_64", "linux/amd64"],
  ["Linux/AArch64", "linux/arm64"],
  ["linux/arm64/v8", "linux/arm64"],
  ["linux/arm/v6", "linux/arm/v6"],
  ["armhf", "linux/arm/v7"],
  ["armel", "linux/arm/v6"],
  ["linux/arm", "linux/arm/v7"],
  ["linux/arm/7", "linux/arm/v7"],
  ["linux/arm/v5", "linux/arm/v5"],
  ["linux/amd64/v1", "linux/amd64"],
  ["linux/amd64/v3", "linux/amd64/v3"],
  ["linux/arm64/8", "linux/arm64"],
  ["linux/armhf", "linux/arm/v7"],
  ["linux/i386", "linux/386"],
  ["linux/constructor", "linux/constructor"],
  ["macos/arm64", "darwin/arm64"],
  ["windows/amd64", "windows/amd64"],
])("parsePlatform(%j) is %s", (text, whole) => {
  expect(formatPlatform(parsePlatform(text))).toBe(whole);
});

test.each(["", "linux/", "a/b/c/d", "linux/am d64", "linux//v8", "sparkle"])("parsePlatform refuses %j", (text) => {
  expect(() => parsePlatform(text)).toThrow(expect.objectContaining({ code: "SLIP_USAGE" }) as Error);
});

test("this machine's platform is named as images name it", () => {
  expect(formatPlatform(defaultPlatform())).toBe(process.arch === "x64" ? "linux/amd64" : `linux/${process.arch}`);
});

test("an image fits its platform, said in either way, and no other", () => {
  const arm = parsePlatform("linux/arm64");
  expect(platformFits({ os: "linux", architecture: "arm64", variant: "v8" }, arm)).toBe(true);
  expect(platformFits(parsePlatform("linux/arm/v6"), parsePlatform("linux/arm/v7"))).toBe(true);
  expect(platformFits(parsePlatform("linux/arm/v7"), parsePlatform("linux/arm/v6"))).toBe(false);
  expect(platformFits(parsePlatform("linux/amd64"), parsePlatform("linux/amd64/v3"))).toBe(true);
  expect(platformFits(parsePlatform("linux/amd64/v3"), parsePlatform("linux/amd64"))).toBe(false);
  expect(platformFits(parsePlatform("amd64"), arm)).toBe(false);
});

test("a system alone is on this machine's architecture", () => {
  expect(parsePlatform("linux")).toEqual(defaultPlatform());
});

test("of several images the newest variant that fits is taken", () => {
  const images = ["linux/arm/v5", "linux/arm/v6", "linux/arm/v7", "linux/arm64"].map((text) => ({
    platform: parsePlatform(text),
  }));
  expect(bestPlatform(images, parsePlatform("linux/arm"))).toBe(images[2]);
  expect(bestPlatform(images, parsePlatform("linux/arm/v6"))).toBe(images[1]);
  expect(bestPlatform(images, parsePlatform("linux/386"))).toBeUndefined();
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
