import { expect, test } from "vitest";
import type { Digest } from "../../base/index.ts";
import type { BuildResult } from "../api/api.ts";
import { buildMetadata } from "./metadata.ts";

const id = (digit: string): Digest => `sha256:${digit.repeat(64)}`;
const facts = { duration: 1, steps: 1, cachedSteps: 0, stages: [], skippedStages: [], bases: {} };
const built: BuildResult = {
  imageId: id("a"),
  images: [{ platform: "linux/amd64", imageId: id("a"), size: 1 }],
  names: ["app:1"],
  size: 1,
  facts,
  outputs: [],
};
const descriptor = { mediaType: "application/vnd.oci.image.manifest.v1+json", digest: id("d"), size: 7 };

test("of an image that stays in the store, the digest is its id", () => {
  expect(buildMetadata(built)).toEqual({
    "containerimage.config.digest": id("a"),
    "containerimage.digest": id("a"),
    "image.name": "docker.io/library/app:1",
  });
});

test("of outputs, the last with a manifest counts, and all names that it was pushed under", () => {
  const oci = {
    type: "oci",
    dest: "/x",
    digest: id("e"),
    descriptor: { ...descriptor, digest: id("e") },
    names: [],
    configs: [id("a")],
  } as const;
  const pushed = ["r.example/a:1", "r.example/b:1"].map(
    (dest) => ({ type: "registry", dest, digest: id("d"), descriptor, names: [dest], configs: [id("c")] }) as const,
  );
  expect(buildMetadata({ ...built, outputs: [oci, ...pushed, { type: "local", dest: "/y" }] })).toEqual({
    "containerimage.config.digest": id("c"),
    "containerimage.descriptor": descriptor,
    "containerimage.digest": id("d"),
    "image.name": "r.example/a:1,r.example/b:1",
  });
});

test("an index has no configuration of its own", () => {
  const index = {
    type: "oci",
    dest: "/x",
    digest: id("d"),
    descriptor,
    names: [],
    configs: [id("a"), id("b")],
  } as const;
  expect(buildMetadata({ ...built, outputs: [index] })).toEqual({
    "containerimage.descriptor": descriptor,
    "containerimage.digest": id("d"),
  });
});

test("of a record, each platform's provenance by buildx's names, and a ref of three parts", () => {
  const [a, b] = [{ buildType: "a" }, { buildType: "b" }];
  const record = { invocationId: "1-2", provenance: [{ platform: "linux/amd64", predicate: a }] };
  expect(buildMetadata({ ...built, record })).toMatchObject({
    "buildx.build.provenance": a,
    "buildx.build.ref": "slipway/local/1-2",
  });
  const two = { ...record, provenance: [...record.provenance, { platform: "linux/arm64", predicate: b }] };
  expect(buildMetadata({ ...built, record: two })).toMatchObject({
    "buildx.build.provenance/linux/amd64": a,
    "buildx.build.provenance/linux/arm64": b,
  });
});
