import { expect, test } from "vitest";
import { describe as describeBytes, mediaTypes } from "../../src/oci/index.ts";
import { testClient, testCtx } from "./support/client.ts";
import { fakeRegistry } from "./support/fake-registry.ts";
import { blobOf, bytesOf, imageOf } from "./support/images.ts";

const empty = blobOf(Buffer.from("{}"), "application/vnd.oci.empty.v1+json");

/** A manifest that refers to another. */
function referrerOf(subject: { readonly digest: string; readonly size: number }, artifactType: string) {
  const layers = [empty.descriptor];
  const of = { mediaType: mediaTypes.oci.manifest, digest: subject.digest, size: subject.size };
  const text = {
    schemaVersion: 2,
    mediaType: mediaTypes.oci.manifest,
    artifactType,
    config: empty.descriptor,
    layers,
    subject: of,
  };
  const bytes = Buffer.from(JSON.stringify(text));
  return { bytes, descriptor: describeBytes(bytes, mediaTypes.oci.manifest) };
}

test.each([
  ["that knows conditions", true],
  ["that does not", false],
])("what several enter at once in the list of a registry %s is all there", async (_what, conditions) => {
  const { domain } = await fakeRegistry({ referrers: false, conditions });
  const image = imageOf([bytesOf("layer", 100)]);
  await testClient().push({ domain, path: "app", tag: "one" }, image.content, testCtx());
  const subject = image.manifest.descriptor;
  const types = ["application/x-one", "application/x-two", "application/x-three", "application/x-four"];
  await Promise.all(
    types.map(async (type) => {
      const document = referrerOf(subject, type);
      const to = { domain, path: "app", digest: document.descriptor.digest };
      await testClient().push(to, { blobs: [empty], documents: [document] }, testCtx());
    }),
  );
  const list = async (): Promise<readonly string[]> =>
    (await testClient().referrers({ domain, path: "app", digest: subject.digest }, testCtx()))
      .map(({ artifactType = "" }) => artifactType)
      .toSorted();
  expect(await list()).toEqual(types.toSorted());
  const gone = referrerOf(subject, "application/x-two").descriptor.digest;
  await testClient().remove({ domain, path: "app", digest: gone }, testCtx());
  expect(await list()).toEqual(types.filter((type) => type !== "application/x-two").toSorted());
});

test("a list that never stays as it was is an error, not a loop", { timeout: 20_000 }, async () => {
  const registry = await fakeRegistry({ referrers: false, conditions: true });
  const { domain } = registry;
  const image = imageOf([bytesOf("layer", 100)]);
  await testClient().push({ domain, path: "app", tag: "one" }, image.content, testCtx());
  const document = referrerOf(image.manifest.descriptor, "application/x-one");
  registry.faults.push(({ request, response, method }) => {
    if (method !== "PUT" || !/if-(?:none-)?match/.test(Object.keys(request.headers).join(" "))) return false;
    request.resume();
    response.writeHead(412).end();
    return true;
  });
  const to = { domain, path: "app", digest: document.descriptor.digest };
  await expect(testClient().push(to, { blobs: [empty], documents: [document] }, testCtx())).rejects.toMatchObject({
    code: "SLIP_REGISTRY",
    message: expect.stringContaining("others change the list"),
  });
});
