import { describe, expect, test } from "vitest";
import { sha256 } from "../../src/base/index.ts";
import { describe as describeBytes, makeIndex, makeManifest, mediaTypes, type Reference } from "../../src/oci/index.ts";
import { testClient, testCtx } from "./support/client.ts";
import { fakeRegistry, type FakeRegistry } from "./support/fake-registry.ts";
import { always, answer, endless, fault, status } from "./support/faults.ts";
import { bytesOf, imageOf, type TestImage } from "./support/images.ts";

const amd64 = { os: "linux", architecture: "amd64" };
const aManifest = /^(?:GET|HEAD) .*\/manifests\//;

interface Lab {
  readonly registry: FakeRegistry;
  readonly at: Reference;
  readonly image: TestImage;
}

async function lab(): Promise<Lab> {
  const registry = await fakeRegistry();
  const image = imageOf([bytesOf("layer", 100)]);
  const at = registry.reference("a/b");
  await testClient().push(at, image.content, testCtx());
  return { registry, at, image };
}

/** Puts any text where a manifest should be. */
function plant(
  { registry, at }: Lab,
  text: string | Uint8Array,
  mediaType: string = mediaTypes.oci.manifest,
): Reference {
  const bytes = Buffer.from(text);
  const digest = sha256(bytes);
  registry.repository("a/b").manifests.set(digest, { mediaType, bytes });
  registry.repository("a/b").tags.set("planted", digest);
  return { ...at, tag: "planted" };
}

const digest = sha256("x");
const config = { mediaType: mediaTypes.oci.config, digest, size: 10 };
const manifestWith = (more: object): string =>
  JSON.stringify({ schemaVersion: 2, mediaType: mediaTypes.oci.manifest, config, layers: [], ...more });

test.each([
  ["no JSON", "<html>hello</html>", /is not JSON/],
  ["no object", "[]", /must be/],
  ["nothing", "{}", /schemaVersion is missing/],
  [
    "no digest",
    manifestWith({ layers: [{ mediaType: mediaTypes.oci.layer.gzip, size: 1 }] }),
    /layers\[0\].digest is missing/,
  ],
  ["a path as digest", manifestWith({ config: { ...config, digest: "sha256:../../../etc/passwd" } }), /config.digest/],
  ["a path before the digest", manifestWith({ layers: [{ ...config, digest: `../${digest}` }] }), /layers\[0\].digest/],
  ["a size below nothing", manifestWith({ layers: [{ ...config, size: -1 }] }), /layers\[0\].size must be at least 0/],
  ["a size beyond all disks", manifestWith({ layers: [{ ...config, size: 1e300 }] }), /size must be a whole number/],
  ["a size that is a text", manifestWith({ layers: [{ ...config, size: "1" }] }), /size must be a whole number/],
  [
    "a configuration beyond all memory",
    manifestWith({ config: { ...config, size: 2 ** 40 } }),
    /configuration would have 1099511627776/,
  ],
  ["what is manifest and index", manifestWith({ manifests: [] }), /cannot both be there/],
  ["annotations that are none", manifestWith({ annotations: { a: { b: 1 } } }), /annotations.a must be a string/],
  [
    "a media type with a line end",
    manifestWith({ layers: [{ ...config, mediaType: "a/b\r\nx: y" }] }),
    /must be a media type/,
  ],
  [
    "deep nesting",
    manifestWith({ annotations: 1 }).replace('"annotations":1', `"a":${"[".repeat(200)}${"]".repeat(200)}`),
    /nested deeper/,
  ],
])("a manifest with %s is refused", async (_name, text, message) => {
  const place = await lab();
  const at = plant(place, text);
  await expect(testClient().image(at, amd64, testCtx())).rejects.toMatchObject({
    code: "SLIP_OCI_INVALID",
    message: expect.stringMatching(message),
  });
});

test("schema 1 is refused by its name", async () => {
  const place = await lab();
  const at = plant(
    place,
    JSON.stringify({ schemaVersion: 1, name: "a", fsLayers: [] }),
    "application/vnd.docker.distribution.manifest.v1+prettyjws",
  );
  const expected = { code: "SLIP_UNSUPPORTED", message: expect.stringContaining("schema 1") };
  await expect(testClient().image(at, amd64, testCtx())).rejects.toMatchObject(expected);
  await expect(testClient().resolve(at, testCtx())).rejects.toMatchObject(expected);
});

test("a document that is sent as the other kind is refused", async () => {
  const place = await lab();
  const at = plant(place, manifestWith({}), mediaTypes.oci.index);
  await expect(testClient().manifest(at, testCtx())).rejects.toMatchObject({
    code: "SLIP_OCI_INVALID",
    message: expect.stringContaining("it was sent as application/vnd.oci.image.index.v1+json"),
  });
});

test("an index that has it as the other kind, or of another length, is refused", async () => {
  const place = await lab();
  const { manifest } = place.image;
  const asIndex = makeIndex({ manifests: [{ ...manifest.descriptor, mediaType: mediaTypes.oci.index }] });
  await expect(
    testClient().image(plant(place, asIndex.bytes, mediaTypes.oci.index), amd64, testCtx()),
  ).rejects.toMatchObject({
    code: "SLIP_OCI_INVALID",
    message: expect.stringContaining("its index has it as"),
  });
  const longer = makeIndex({ manifests: [{ ...manifest.descriptor, size: manifest.descriptor.size + 1 }] });
  await expect(
    testClient().image(plant(place, longer.bytes, mediaTypes.oci.index), amd64, testCtx()),
  ).rejects.toMatchObject({
    code: "SLIP_DIGEST_MISMATCH",
  });
});

test("indexes in indexes end somewhere", async () => {
  const place = await lab();
  let inner = makeIndex({ manifests: [{ ...place.image.manifest.descriptor, platform: amd64 }] });
  for (let depth = 0; depth < 6; depth++) {
    plant(place, inner.bytes, mediaTypes.oci.index);
    inner = makeIndex({ manifests: [inner.descriptor] });
  }
  await expect(
    testClient().image(plant(place, inner.bytes, mediaTypes.oci.index), amd64, testCtx()),
  ).rejects.toMatchObject({
    code: "SLIP_OCI_INVALID",
    message: expect.stringContaining("nested deeper than 4 levels"),
  });
});

test("a configuration for another platform, or other layers, is refused", async () => {
  const place = await lab();
  const { registry, at, image } = place;
  const other = { ...amd64, architecture: "s390x" };
  const index = makeIndex({ manifests: [{ ...image.manifest.descriptor, platform: other }] });
  await expect(
    testClient().image(plant(place, index.bytes, mediaTypes.oci.index), other, testCtx()),
  ).rejects.toMatchObject({
    code: "SLIP_OCI_INVALID",
    message: expect.stringContaining("architecture is linux/amd64, asked for linux/s390x"),
  });
  // Without an index nobody promised anything.
  await expect(testClient().image(at, other, testCtx())).rejects.toMatchObject({
    code: "SLIP_IMAGE_UNKNOWN",
    message: expect.stringContaining("it has no image for linux/s390x"),
    hint: expect.stringContaining("it has linux/amd64"),
  });
  expect((await testClient().image(at, other, testCtx(), "any-platform")).config.value.architecture).toBe("amd64");
  const silent = makeIndex({ manifests: [image.manifest.descriptor] });
  const unlabelled = plant(place, silent.bytes, mediaTypes.oci.index);
  await expect(testClient().image(unlabelled, other, testCtx())).rejects.toMatchObject({ code: "SLIP_IMAGE_UNKNOWN" });
  expect((await testClient().image(unlabelled, other, testCtx(), "any-platform")).indexes).toHaveLength(1);
  // Whatever a base may be: this index promises.
  await expect(
    testClient().image(plant(place, index.bytes, mediaTypes.oci.index), other, testCtx(), "any-platform"),
  ).rejects.toMatchObject({ code: "SLIP_OCI_INVALID" });
  const bytes = Buffer.from(image.config);
  const fewer = makeManifest({ config: describeBytes(bytes, mediaTypes.oci.config), layers: [] });
  registry.repository("a/b").blobs.set(sha256(bytes), bytes);
  await expect(testClient().image(plant(place, fewer.bytes), amd64, testCtx())).rejects.toMatchObject({
    code: "SLIP_OCI_INVALID",
  });
  expect((await testClient().image(at, amd64, testCtx())).manifest.descriptor).toEqual(image.manifest.descriptor);
});

describe("the answer to a manifest", () => {
  test("of another digest is asked for once more, and refused", async () => {
    const { registry, at, image } = await lab();
    const byDigest = { domain: at.domain, path: at.path, digest: image.manifest.descriptor.digest };
    const other = answer(manifestWith({}), { "content-type": mediaTypes.oci.manifest });
    registry.faults = [fault(/^GET .*\/manifests\//, other)];
    expect((await testClient().manifest(byDigest, testCtx())).descriptor).toEqual(image.manifest.descriptor);
    registry.faults = [fault(/^GET .*\/manifests\//, other, always)];
    await expect(testClient().manifest(byDigest, testCtx())).rejects.toMatchObject({
      code: "SLIP_DIGEST_MISMATCH",
      message: expect.stringMatching(/expected sha256:\w+, got sha256/),
    });
  });

  test("of another digest than it says itself is refused", async () => {
    const { registry, at } = await lab();
    registry.faults = [fault(aManifest, answer(manifestWith({}), { "docker-content-digest": sha256("y") }), always)];
    await expect(testClient().manifest(at, testCtx())).rejects.toMatchObject({ code: "SLIP_DIGEST_MISMATCH" });
  });

  test("to HEAD of another digest than the one asked for is refused", async () => {
    const { registry, at } = await lab();
    const head = answer("", {
      "content-length": "100",
      "content-type": mediaTypes.oci.manifest,
      "docker-content-digest": sha256("y"),
    });
    registry.faults = [fault(/^HEAD/, head, always)];
    await expect(testClient().resolve({ ...at, digest }, testCtx())).rejects.toMatchObject({
      code: "SLIP_DIGEST_MISMATCH",
    });
  });

  test.each([
    ["tells no digest", answer("", { "content-type": mediaTypes.oci.manifest, "content-length": "10" })],
    [
      "tells a digest of another kind",
      answer("", { "docker-content-digest": `sha512:${"0".repeat(128)}`, "content-length": "10" }),
    ],
    ["is not known", status(405)],
  ] as const)("to HEAD that %s is followed by a GET", async (_name, act) => {
    const { registry, at, image } = await lab();
    registry.faults = [fault(/^HEAD .*\/manifests\//, act, always)];
    expect(await testClient().resolve(at, testCtx())).toEqual(image.manifest.descriptor);
  });

  test.each([
    ["announced as larger than 4 MiB", answer(Buffer.alloc(4 * 1024 * 1024 + 1))],
    ["without end", endless],
  ] as const)("%s is not read", async (_name, act) => {
    const { registry, at } = await lab();
    registry.faults = [fault(aManifest, act, always)];
    await expect(testClient().manifest(at, testCtx())).rejects.toMatchObject({
      code: "SLIP_REGISTRY",
      message: expect.stringContaining("more than 4194304 bytes"),
    });
  });
});

describe("lists", () => {
  test.each([
    ["what are no tags", answer(JSON.stringify({ tags: ["../x"] })), "lists what are no tags"],
    ["no list", answer(JSON.stringify({ tags: "x" })), "lists what are no tags"],
    ["no JSON", answer("<html>"), "what is no JSON object"],
    [
      "a list without end",
      answer(JSON.stringify({ tags: ["x"] }), { link: `</v2/a/b/tags/list?n=1>; rel="next"` }),
      "a list without end",
    ],
    [
      "the rest at another host",
      answer(JSON.stringify({ tags: [] }), { link: `<http://elsewhere.example/>; rel="next"` }),
      "continues its list at elsewhere.example",
    ],
  ] as const)("%s is refused", async (_name, act, message) => {
    const { registry, at } = await lab();
    registry.faults = [fault(/tags\/list/, act, always)];
    const read = async (): Promise<number> => {
      let count = 0;
      for await (const _ of testClient().tags(at, testCtx())) count++;
      return count;
    };
    await expect(read()).rejects.toMatchObject({ code: "SLIP_REGISTRY", message: expect.stringContaining(message) });
  });

  test("an empty one, as Go writes it", async () => {
    const { registry, at } = await lab();
    registry.faults = [fault(/tags\/list/, answer(JSON.stringify({ tags: null })))];
    for await (const tag of testClient().tags(at, testCtx())) expect(tag).toBe("none");
  });

  test("referrers of a tag are a question nobody can answer", async () => {
    const { at } = await lab();
    await expect(testClient().referrers(at, testCtx())).rejects.toMatchObject({ code: "SLIP_REFERENCE" });
  });
});
