import { expect, test } from "vitest";
import { canonicalJson, sha256 } from "../base/index.ts";
import { parseManifest } from "../oci/index.ts";
import { indexAttestation, referrerAttestation } from "./attach.ts";
import { olderProvenance, provenanceClaim, type ProvenanceInput } from "./provenance.ts";

const input: ProvenanceInput = {
  mode: "max",
  version: "0.1.0",
  reproducible: false,
  invocationId: "8d5f0d1e",
  started: Date.UTC(2026, 10, 21, 10),
  finished: Date.UTC(2026, 10, 21, 10, 0, 5),
  builderPlatform: "linux/amd64",
  source: { path: "Dockerfile", text: "FROM debian\nARG TOKEN\nRUN make\n" },
  args: { "build-arg:TOKEN": "t0ken", "label:a": "b", target: "app" },
  secrets: [{ id: "key", optional: true }],
  ssh: [{ id: "default" }],
  locals: ["context", "dockerfile"],
  materials: [{ uri: "pkg:docker/debian@12", digest: { sha256: "1".repeat(64) }, annotations: { origin: "archive" } }],
  offline: true,
  steps: [
    { id: "step0", instruction: "FROM debian", inputs: [], op: { kind: "image" }, lines: [1, 1] },
    { id: "step1", instruction: "RUN make", inputs: ["step0"], cached: true, op: { kind: "exec" }, lines: [3, 3] },
    { id: "step2", instruction: "RUN more", inputs: ["step1"], cached: false, op: { kind: "exec" } },
  ],
};
const layer = { mediaType: "application/vnd.oci.image.layer.v1.tar+gzip", digest: sha256("layer"), size: 5 };

test("mode max tells arguments, secrets' names, steps with what the cache had, the Dockerfile and the layers", () => {
  const { predicateType, predicate } = provenanceClaim(input, [layer]);
  expect(predicateType).toBe("https://slsa.dev/provenance/v1");
  expect(predicate).toMatchObject({
    buildDefinition: {
      buildType: "urn:slipway:dockerfile-build:v1",
      externalParameters: {
        configSource: { path: "Dockerfile" },
        request: {
          frontend: "dockerfile.v0",
          args: { "build-arg:TOKEN": "t0ken", "label:a": "b", target: "app" },
          secrets: [{ id: "key", optional: true }],
          ssh: [{ id: "default" }],
          locals: [{ name: "context" }, { name: "dockerfile" }],
        },
      },
      internalParameters: {
        builderPlatform: "linux/amd64",
        buildConfig: { steps: [{ id: "step0" }, { id: "step1", cached: true }, { id: "step2", cached: false }] },
      },
      resolvedDependencies: [{ uri: "pkg:docker/debian@12", annotations: { origin: "archive" } }],
    },
    runDetails: {
      builder: { id: "urn:slipway:local", version: { slipway: "0.1.0" } },
      metadata: {
        invocationId: "8d5f0d1e",
        startedOn: "2026-11-21T10:00:00.000Z",
        finishedOn: "2026-11-21T10:00:05.000Z",
        slipway_completeness: { request: true, resolvedDependencies: false },
        slipway_hermetic: false,
        slipway_cache: { steps: 2, cached: 1 },
        slipway_metadata: {
          source: {
            infos: [{ filename: "Dockerfile", data: Buffer.from(input.source.text).toString("base64") }],
            locations: { step1: { locations: [{ ranges: [{ start: { line: 3 }, end: { line: 3 } }] }] } },
          },
          layers: { "step2:0": [[layer]] },
        },
      },
    },
  });
});

test("mode min has nothing of what was passed in, and says that it left something out", () => {
  const { predicate } = provenanceClaim({ ...input, mode: "min" }, [layer]);
  const text = JSON.stringify(predicate);
  for (const hidden of ["t0ken", "TOKEN", "key", "make", "label", "step", "Zmlsd"]) {
    expect(text.replaceAll('"steps":2', "")).not.toContain(hidden);
  }
  expect(predicate).toMatchObject({
    buildDefinition: { externalParameters: { request: { args: { target: "app" } } } },
    runDetails: { metadata: { slipway_completeness: { request: false }, slipway_cache: { steps: 2, cached: 1 } } },
  });
});

test("a build of known things without a network is hermetic; an unknown digest or a network makes it not", () => {
  const hermetic = (given: Partial<ProvenanceInput>): unknown => {
    const { predicate } = provenanceClaim({ ...input, locals: [], ...given }, []);
    return (predicate as { runDetails: { metadata: Record<string, unknown> } }).runDetails.metadata["slipway_hermetic"];
  };
  expect([hermetic({}), hermetic({ offline: false }), hermetic({ materials: [{ uri: "https://a/b" }] })]).toEqual([
    true,
    false,
    false,
  ]);
});

const image = { mediaType: "application/vnd.oci.image.manifest.v1+json", digest: sha256("image"), size: 7 };
const claims = [
  { predicateType: "https://spdx.dev/Document", predicate: { a: 1 } },
  { predicateType: "https://slsa.dev/provenance/v1", predicate: { b: 2 } },
];
const subjects = [{ name: "pkg:docker/app@1", digest: { sha256: "2".repeat(64) } }];

test("an index lists one manifest for an image, as BuildKit lays it out", () => {
  const { document, blobs } = indexAttestation(image, claims, subjects);
  expect(document.descriptor).toMatchObject({
    digest: sha256(document.bytes),
    platform: { os: "unknown", architecture: "unknown" },
    annotations: {
      "vnd.docker.reference.type": "attestation-manifest",
      "vnd.docker.reference.digest": image.digest,
    },
  });
  const manifest = parseManifest(document.bytes);
  expect(manifest.layers).toMatchObject(
    claims.map(({ predicateType }) => ({
      mediaType: "application/vnd.in-toto+json",
      annotations: { "in-toto.io/predicate-type": predicateType },
    })),
  );
  for (const { descriptor, bytes } of blobs) {
    expect([descriptor.digest, descriptor.size]).toEqual([sha256(bytes), bytes.length]);
  }
  const [first, , config] = blobs.map(({ bytes }) => JSON.parse(Buffer.from(bytes).toString()) as object);
  expect(first).toEqual({ _type: "https://in-toto.io/Statement/v1", subject: subjects, ...claims[0] });
  expect(config).toMatchObject({
    architecture: "unknown",
    os: "unknown",
    rootfs: { diff_ids: manifest.layers.map(({ digest }) => digest) },
  });
});

test("a referrer has the image as its subject, and is listed by what it says", () => {
  const [claim] = claims as [(typeof claims)[0]];
  const { document, blobs } = referrerAttestation(
    { ...image, platform: { os: "linux", architecture: "amd64" } },
    claim,
    subjects,
  );
  const manifest = JSON.parse(Buffer.from(document.bytes).toString()) as Record<string, unknown>;
  expect(manifest).toMatchObject({
    artifactType: "application/vnd.in-toto+json",
    subject: image,
    annotations: { "in-toto.io/predicate-type": "https://spdx.dev/Document" },
    config: { mediaType: "application/vnd.oci.empty.v1+json", digest: sha256("{}"), size: 2 },
  });
  expect(Object.keys(manifest["subject"] as object)).toHaveLength(3);
  expect(document.descriptor).toMatchObject({
    artifactType: "application/vnd.in-toto+json",
    digest: sha256(document.bytes),
  });
  expect(blobs).toHaveLength(2);
  expect(canonicalJson(manifest)).toBe(Buffer.from(document.bytes).toString());
});

test("buildx's metadata file has SLSA v0.2, in mode min without arguments, steps and times", () => {
  const min = {
    builder: { id: "urn:slipway:local" },
    buildType: "urn:slipway:dockerfile-build:v1",
    materials: [{ uri: "pkg:docker/debian@12", digest: { sha256: "1".repeat(64) } }],
    invocation: {
      configSource: { entryPoint: "Dockerfile" },
      parameters: {
        frontend: "dockerfile.v0",
        args: { target: "app" },
        locals: [{ name: "context" }, { name: "dockerfile" }],
      },
      environment: { platform: "linux/amd64" },
    },
  };
  expect(olderProvenance({ ...input, mode: "min" })).toEqual(min);
  expect(olderProvenance(input)).toMatchObject({
    invocation: { parameters: { args: { "build-arg:TOKEN": "t0ken" }, secrets: [{ id: "key" }] } },
    buildConfig: { steps: [{ id: "step0" }, { id: "step1", cached: true }, { id: "step2" }] },
    metadata: {
      buildInvocationID: "8d5f0d1e",
      buildStartedOn: "2026-11-21T10:00:00.000Z",
      completeness: { parameters: true, materials: false },
    },
  });
});
