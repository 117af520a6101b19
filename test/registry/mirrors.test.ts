import { expect, test } from "vitest";
import type { Reference } from "../../src/oci/index.ts";
import { parseRegistriesConfig, type RegistriesConfig } from "../../src/registry/config.ts";
import { testClient, testCtx } from "./support/client.ts";
import { fakeRegistry, type FakeRegistry } from "./support/fake-registry.ts";
import { always, answer, fault, reset, status } from "./support/faults.ts";
import { bytesOf, collect, imageOf, type TestImage } from "./support/images.ts";

const amd64 = { os: "linux", architecture: "amd64" };
const layer = bytesOf("layer", 200_000);

interface Lab {
  readonly origin: FakeRegistry;
  readonly mirror: FakeRegistry;
  readonly at: Reference;
  readonly image: TestImage;
  readonly config: RegistriesConfig;
}

/** A registry and a mirror of it that has everything below `cache/`. */
async function lab(): Promise<Lab> {
  const [origin, mirror] = [await fakeRegistry(), await fakeRegistry()];
  const image = imageOf([layer]);
  const at = origin.reference("a/b");
  await testClient().push(at, image.content, testCtx());
  await testClient().push(mirror.reference("cache/a/b"), image.content, testCtx());
  origin.requests.length = 0;
  mirror.requests.length = 0;
  return {
    origin,
    mirror,
    at,
    image,
    config: parseRegistriesConfig({ [origin.domain]: { mirrors: [`${mirror.url}/cache/`] } }, "test.json"),
  };
}

async function pull({ at, config, image }: Lab, ctx = testCtx()): Promise<Buffer> {
  const client = testClient({ config });
  const { manifest } = await client.image(at, amd64, ctx);
  expect(manifest.descriptor).toEqual(image.manifest.descriptor);
  return client.blob(at, manifest.value.layers[0] ?? manifest.descriptor, collect, ctx);
}

test("what is pulled comes from the mirror, under its prefix", async () => {
  const place = await lab();
  expect((await pull(place)).equals(layer)).toBe(true);
  expect(place.origin.requests).toEqual([]);
  expect(place.mirror.count(/\/v2\/cache\/a\/b\//)).toBe(place.mirror.requests.length);
});

test.each([
  ["lacks it", status(404)],
  ["wants credentials", status(401)],
  ["is in trouble", status(500)],
  ["breaks off", reset],
  ["sends something else", answer("something else")],
] as const)("a mirror that %s is passed over, and told of", async (_name, act) => {
  const place = await lab();
  place.mirror.faults = [fault(/./, act, always)];
  const ctx = testCtx();
  expect((await pull(place, ctx)).equals(layer)).toBe(true);
  expect(ctx.events).toContainEqual({ type: "mirror-failed", mirror: place.mirror.domain, reason: expect.any(String) });
});

test("a mirror whose blobs are damaged is not believed", async () => {
  const place = await lab();
  place.mirror.faults = [fault(/blobs/, answer(Buffer.alloc(layer.length)), always)];
  expect((await pull(place)).equals(layer)).toBe(true);
});

test("a mirror that is away is not asked each time", async () => {
  const place = await lab();
  place.mirror.faults = [fault(/./, reset, always)];
  const client = testClient({ config: place.config });
  for (let i = 0; i < 3; i++) await client.resolve(place.at, testCtx());
  expect(place.mirror.requests).toHaveLength(2);
});

test("when neither has it, the registry's own answer is the error", async () => {
  const place = await lab();
  place.mirror.faults = [fault(/./, status(500), always)];
  const client = testClient({ config: place.config });
  await expect(client.resolve({ ...place.at, tag: "none" }, testCtx())).rejects.toMatchObject({
    code: "SLIP_IMAGE_UNKNOWN",
    message: expect.stringContaining(`${place.origin.domain} answered 404`),
  });
});

test("what is pushed, listed and removed is the registry's alone", async () => {
  const place = await lab();
  const client = testClient({ config: place.config });
  const at = { ...place.at, tag: "two" };
  await client.push(at, place.image.content, testCtx());
  const tags: string[] = [];
  for await (const tag of client.tags(at, testCtx())) tags.push(tag);
  expect(tags).toEqual(["latest", "two"]);
  await client.remove(at, testCtx());
  expect(place.mirror.requests).toEqual([]);
});
