import { expect, test } from "vitest";
import { sha256 } from "../base/index.ts";
import { type Descriptor, type Index, mediaTypes, parsePlatform } from "../oci/index.ts";
import { choosePlatform } from "./choose-platform.ts";

const entry = (name: string, more: Partial<Descriptor> = {}): Descriptor => ({
  mediaType: mediaTypes.oci.manifest,
  digest: sha256(name),
  size: 1,
  ...(name.includes("/") && { platform: parsePlatform(name) }),
  ...more,
});
const index = (entries: readonly Descriptor[]): Index => ({
  schemaVersion: 2,
  mediaType: mediaTypes.oci.index,
  manifests: entries,
});

test.each([
  ["linux/amd64", ["linux/arm64", "linux/amd64", "linux/amd64"], 1],
  ["linux/amd64", ["linux/amd64/v3", "linux/amd64"], 1],
  ["linux/amd64", ["linux/amd64/v3"], undefined],
  ["linux/amd64/v3", ["linux/amd64", "linux/amd64/v2", "linux/amd64/v4"], 1],
  ["linux/amd64/v3", ["linux/amd64/v1", "linux/amd64/v2"], 1],
  ["linux/arm/v7", ["linux/arm/v5", "linux/arm/v6", "linux/arm64"], 1],
  ["linux/arm/v7", ["linux/arm/v6", "linux/arm/v7"], 1],
  ["linux/arm/v6", ["linux/arm/v7"], undefined],
  ["linux/arm64", ["linux/arm64/v8"], 0],
  ["linux/arm64/v8", ["windows/arm64", "linux/arm64"], 1],
  ["linux/s390x", ["linux/amd64"], undefined],
  ["linux/s390x", [], undefined],
] as const)("%s of %j is %s", (wanted, names, expected) => {
  const entries = names.map((name) => entry(name));
  expect(choosePlatform(index(entries), parsePlatform(wanted))).toBe(
    expected === undefined ? undefined : entries[expected],
  );
});

test("attestations are no images", () => {
  const unknown = entry("x", { platform: { os: "unknown", architecture: "unknown" } });
  const marked = entry("y", { annotations: { "vnd.docker.reference.type": "attestation-manifest" } });
  const other = entry("z", { mediaType: "application/vnd.example.thing+json" });
  const image = entry("image");
  expect(choosePlatform(index([unknown, marked, other]), parsePlatform("linux/amd64"))).toBeUndefined();
  expect(choosePlatform(index([unknown, marked, other, image]), parsePlatform("linux/amd64"))).toBe(image);
});

test("of several without a platform none is guessed", () => {
  expect(choosePlatform(index([entry("a"), entry("b")]), parsePlatform("linux/amd64"))).toBeUndefined();
});

test("an index among the entries comes last", () => {
  const nested = entry("nested", { mediaType: mediaTypes.docker.index });
  const image = entry("linux/amd64");
  expect(choosePlatform(index([nested, image]), parsePlatform("linux/amd64"))).toBe(image);
  expect(choosePlatform(index([nested, image]), parsePlatform("linux/arm64"))).toBe(nested);
});
