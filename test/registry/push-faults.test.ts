import { createServer } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { describe, expect, onTestFinished, test } from "vitest";
import { type Bytes, sha256 } from "../../src/base/index.ts";
import type { Reference } from "../../src/oci/index.ts";
import type { PushContent } from "../../src/registry/index.ts";
import { testClient, type TestCtx, testCtx } from "./support/client.ts";
import { type FakeOptions, fakeRegistry, type FakeRegistry } from "./support/fake-registry.ts";
import { always, answer, fault, late, redirect, reset, silence, status } from "./support/faults.ts";
import { blobOf, bytesOf, imageOf, indexOf, type TestImage } from "./support/images.ts";

const layer = bytesOf("a layer to push", 5_000_000);

interface Lab {
  readonly registry: FakeRegistry;
  readonly at: Reference;
  readonly ctx: TestCtx;
  readonly image: TestImage;
}

async function lab(options: FakeOptions = {}): Promise<Lab> {
  const registry = await fakeRegistry(options);
  return { registry, at: registry.reference("a/b"), ctx: testCtx(), image: imageOf([layer]) };
}

/** What was pushed lies there whole. */
function expectThere({ registry, image }: Lab): void {
  const { blobs, tags } = registry.repository("a/b");
  expect(blobs.get(sha256(layer))?.equals(layer)).toBe(true);
  expect(tags.get("latest")).toBe(image.manifest.descriptor.digest);
}

/** Takes a part of the upload as the registry would, and cuts the connection. */
const cutUpload = (after: number) =>
  fault(/^PATCH/, ({ request }) => {
    let left = after;
    request.on("data", (chunk: Uint8Array) => {
      left -= chunk.byteLength;
      if (left < 0) request.socket.destroy();
    });
    return false;
  });

describe("mended on the way", () => {
  test("a cut in the middle of an upload: it goes on where the registry is", async () => {
    const place = await lab();
    const { registry, at, ctx, image } = place;
    const ranges: (string | undefined)[] = [];
    registry.faults = [
      fault(/^PATCH/, ({ request }) => (ranges.push(request.headers["content-range"]), false), always),
      cutUpload(2_000_000),
    ];
    await testClient().push(at, image.content, ctx);
    expectThere(place);
    expect(ranges).toEqual([undefined, expect.stringMatching(/^[1-9]\d{5,6}-4999999$/)]);
    expect(registry.count(/^POST/)).toBe(2);
  });

  test("a cut at a registry that forgets: the blob begins anew, and no other does", async () => {
    const place = await lab({ resumes: false });
    const { registry, at, ctx, image } = place;
    registry.faults = [cutUpload(2_000_000)];
    await testClient().push(at, image.content, ctx);
    expectThere(place);
    expect(registry.count(/^POST/)).toBe(3);
  });

  test("the last answer is lost, and the blob is there", async () => {
    const place = await lab();
    const { registry, at, ctx, image } = place;
    registry.faults = [
      fault(
        /^PUT .*\/uploads\/.*/,
        ({ response }) => {
          response.end = () => response.destroy();
          return false;
        },
        2,
      ),
    ];
    await testClient().push(at, image.content, ctx);
    expectThere(place);
    expect(registry.count(/^POST/)).toBe(2);
  });

  test.each([
    ["POST", "500", status(500)],
    ["POST", "a reset", reset],
    ["PATCH", "503", status(503)],
    ["PATCH", "a reset", reset],
    ["PATCH", "416", status(416)],
    ["PATCH", "an upload that is gone", status(404)],
    ["PATCH", "silence", silence],
    ["PUT .*uploads", "500", status(500)],
    ["PUT .*uploads", "a reset", reset],
    ["PUT .*uploads", "an upload that is gone", status(404)],
    ["PUT .*manifests", "500", status(500)],
    ["PUT .*manifests", "a reset", reset],
    ["HEAD", "429", status(429, { "retry-after": "0" })],
  ] as const)("%s: %s", async (method, name, act) => {
    const place = await lab();
    const { registry, at, ctx, image } = place;
    registry.faults = [fault(new RegExp(`^${method}`), act)];
    await testClient({ limits: name === "silence" ? { headers: 400, stall: 400 } : {} }).push(at, image.content, ctx);
    expectThere(place);
  });

  test("tokens that end in the middle of a push are asked for again", async () => {
    const place = await lab({ auth: { type: "bearer" } });
    const { registry, at, ctx, image } = place;
    // One blob alone: two at once could have each other's new token revoked.
    const [, config] = image.content.blobs;
    registry.repository("a/b").blobs.set(config!.descriptor.digest, Buffer.from(image.config));
    const revoke = (): false => {
      registry.tokens?.revoke();
      return false;
    };
    registry.faults = [fault(/^PATCH/, revoke), fault(/^PUT .*uploads/, revoke), fault(/^PUT .*manifests/, revoke)];
    await testClient().push(at, image.content, ctx);
    expectThere(place);
    expect(registry.tokens?.given).toBeGreaterThanOrEqual(4);
    expect(ctx.events.filter(({ type }) => type === "retry")).toEqual([]);
  });

  test("a blob that vanished since this client brought it is brought again", async () => {
    const place = await lab();
    const { registry, at, ctx, image } = place;
    const client = testClient();
    await client.push(at, image.content, ctx);
    registry.repository("a/b").blobs.clear();
    await client.push({ ...at, tag: "two" }, image.content, ctx);
    expectThere(place);
  });

  test.each([
    ["is not allowed is an upload", status(403), always],
    ["breaks off is asked for again", reset, 1],
  ] as const)("a mount that %s", async (_name, act, times) => {
    const place = await lab();
    const { registry, at, ctx, image } = place;
    const blobs = image.content.blobs.map((blob) => ({ ...blob, origins: [{ ...at, path: "other/one" }] }));
    registry.faults = [fault(/^POST .*mount=/, act, times)];
    await testClient().push(at, { ...image.content, blobs }, ctx);
    expectThere(place);
  });

  test("chunks are as large as the registry wants them", async () => {
    const place = await lab();
    const { registry, at, ctx, image } = place;
    const ranges: (string | undefined)[] = [];
    registry.faults = [
      fault(/^POST/, ({ response }) => (response.setHeader("oci-chunk-min-length", "2000000"), false), always),
      fault(/^PATCH/, ({ request }) => (ranges.push(request.headers["content-range"]), false), always),
    ];
    await testClient({ config: new Map([[at.domain, { chunk: 100_000 }]]) }).push(at, image.content, ctx);
    expectThere(place);
    expect(ranges).toEqual(["0-1999999", "2000000-3999999", "4000000-4999999"]);
  });
});

test.each([
  ["201 to a chunk, as Amazon's does", /^PATCH/, 201],
  ["204 to a chunk", /^PATCH/, 204],
  ["202 to a blob", /^PUT .*uploads/, 202],
  ["200 to a manifest", /^PUT .*manifests/, 200],
  ["202 to a manifest", /^PUT .*manifests/, 202],
] as const)("a registry that answers %s has taken it", async (_what, match, code) => {
  const place = await lab();
  const { registry, at, ctx, image } = place;
  registry.faults = [
    fault(
      match,
      ({ response }) => {
        const write = response.writeHead.bind(response) as (status: number, headers?: object) => typeof response;
        response.writeHead = ((_status: number, headers?: object) => write(code, headers)) as typeof response.writeHead;
        return false;
      },
      always,
    ),
  ];
  await testClient().push(at, image.content, ctx);
  expectThere(place);
});

test("a registry that takes all bytes and never the blob is given up", async () => {
  const { registry, at, ctx, image } = await lab();
  let posts = 0;
  registry.faults = [
    fault(/^POST/, (exchange) => (posts++ % 2 === 1 ? status(500)(exchange) !== false : false), always),
    fault(/^PUT .*uploads/, status(404), always),
  ];
  await expect(testClient().push(at, image.content, ctx)).rejects.toMatchObject({ name: "SlipwayError" });
  expect(registry.count(/^PATCH/)).toBeLessThan(10);
});

describe("refused", () => {
  test.each([
    ["500 for ever", /^PATCH/, status(500), "SLIP_REGISTRY", /answered 500/],
    ["not allowed", /^POST/, status(403), "SLIP_UNAUTHORIZED", /answered 403/],
    ["a body too large for what lies between", /^PATCH/, status(413), "SLIP_REGISTRY", /answered 413/],
    ["an upload without a place", /^POST/, answer("", {}, 202), "SLIP_REGISTRY", /names no place for an upload/],
    [
      "an upload that has more than was sent",
      /^PATCH/,
      answer("", { range: "0-9999999", location: "/v2/x" }, 202),
      "SLIP_REGISTRY",
      /has 10000000 bytes of an upload/,
    ],
    [
      "a blob stored as another",
      /^PUT .*uploads/,
      answer("", { "docker-content-digest": sha256("x") }, 201),
      "SLIP_REGISTRY",
      /stored the blob/,
    ],
    [
      "a manifest stored as another",
      /^PUT .*manifests/,
      answer("", { "docker-content-digest": sha256("x") }, 201),
      "SLIP_DIGEST_MISMATCH",
      /the registry stored sha256/,
    ],
    ["a manifest that is refused", /^PUT .*manifests/, status(400), "SLIP_REGISTRY", /answered 400 \(TESTED: tested\)/],
    ["a redirected upload", /^PATCH/, redirect("http://elsewhere.example/"), "SLIP_REGISTRY", /answered 307/],
  ] as const)("%s", async (_name, match, act, code, message) => {
    const { registry, at, ctx, image } = await lab();
    registry.faults = [fault(match, act, always)];
    await expect(testClient().push(at, image.content, ctx)).rejects.toMatchObject({
      name: "SlipwayError",
      code,
      message: expect.stringMatching(message),
    });
    expect(registry.repository("a/b").tags.size).toBe(0);
  });

  test("bytes that are not the promised ones, by the registry, after two tries", async () => {
    const { registry, at, ctx, image } = await lab();
    const [good, config] = image.content.blobs;
    const blobs = [{ ...good!, open: (from: number) => blobOf(Buffer.alloc(layer.length)).open(from) }, config!];
    await expect(testClient().push(at, { ...image.content, blobs }, ctx)).rejects.toMatchObject({
      code: "SLIP_REGISTRY",
      message: expect.stringContaining("DIGEST_INVALID"),
    });
    expect(registry.count(/^PATCH/)).toBe(2);
  });

  test.each([
    ["too few", layer.subarray(1)],
    ["too many", Buffer.concat([layer, layer])],
  ])("a blob of %s bytes", async (name, bytes) => {
    const { at, ctx, image } = await lab();
    const [good, config] = image.content.blobs;
    // The first of the two is cut off where it should end.
    if (name === "too many") expect(bytes.length).toBeGreaterThan(layer.length);
    const blobs = [{ ...good!, open: (from: number) => blobOf(bytes).open(from) }, config!];
    const pushing = testClient().push(at, { ...image.content, blobs }, ctx);
    if (name === "too many") await pushing;
    else await expect(pushing).rejects.toMatchObject({ code: "SLIP_DIGEST_MISMATCH" });
  });

  test("a blob that cannot be read: its own error, and the others stop", async () => {
    const { registry, at, ctx, image } = await lab();
    const own = new RangeError("the disk is on fire");
    const open = async function* (): Bytes {
      yield await Promise.resolve(layer.subarray(0, 10));
      throw own;
    };
    const more = imageOf([bytesOf("other", 2_000_000)]).content.blobs;
    registry.faults = [fault(/^HEAD/, late(20), always)];
    const blobs = [{ ...image.content.blobs[0]!, open }, ...image.content.blobs.slice(1), ...more];
    await expect(testClient().push(at, { ...image.content, blobs }, ctx)).rejects.toBe(own);
    expect(registry.count(/^PUT .*manifests/)).toBe(0);
  });

  test("another digest than the reference's", async () => {
    const { at, ctx, image } = await lab();
    const pushing = testClient().push({ ...at, digest: sha256("x") }, image.content, ctx);
    await expect(pushing).rejects.toMatchObject({ code: "SLIP_REFERENCE" });
    await expect(testClient().push(at, { blobs: [], documents: [] }, ctx)).rejects.toMatchObject({
      code: "SLIP_REFERENCE",
    });
  });
});

test("the index comes last, and the tag with it", async () => {
  const { registry, at, ctx } = await lab();
  const platforms = ["amd64", "arm64"].map((architecture) => ({ os: "linux", architecture }));
  const content: PushContent & { readonly index: { readonly descriptor: { readonly digest: string } } } = indexOf(
    platforms.map((platform) => [platform, imageOf([bytesOf(platform.architecture, 100)], platform)] as const),
  );
  await testClient().push(at, content, ctx);
  const puts = registry.requests.filter((line) => line.startsWith("PUT") && line.includes("/manifests/"));
  expect(puts.map((line) => line.replace(/.*\//, ""))).toEqual([
    ...content.documents.slice(0, 2).map(({ descriptor }) => descriptor.digest),
    "latest",
  ]);
  const lastBlob = registry.requests.findLastIndex((line) => line.includes("/blobs/"));
  expect(registry.requests.findIndex((line) => line.includes("/manifests/"))).toBeGreaterThan(lastBlob);
});

test("credentials stay with the registry when an upload goes elsewhere", async () => {
  const { registry, at, ctx, image } = await lab({ auth: { type: "bearer" } });
  const seen: (string | undefined)[] = [];
  const elsewhere = createServer((request, response) => {
    seen.push(request.headers.authorization);
    request.resume();
    const code = request.method === "PATCH" ? 202 : 201;
    request.on("end", () => response.writeHead(code, { location: request.url ?? "" }).end());
  });
  await new Promise<void>((ready) => elsewhere.listen(0, "127.0.0.1", ready));
  onTestFinished(() => elsewhere.close().closeAllConnections());
  const place = `http://127.0.0.1:${(elsewhere.address() as AddressInfo).port}/upload?sig=x`;
  registry.faults = [
    fault(
      /^POST/,
      (exchange) => {
        if (exchange.request.headers.authorization === undefined) return false;
        return answer("", { location: place }, 202)(exchange);
      },
      always,
    ),
    fault(/^PUT .*manifests/, answer("", {}, 201)),
  ];
  await testClient().push(at, image.content, ctx);
  expect(seen).toEqual([undefined, undefined, undefined]);
});

test("no more uploads at once than connections", async () => {
  const { registry, at, ctx } = await lab();
  registry.faults = [fault(/^(?:PATCH|PUT)/, late(20), always)];
  const image = imageOf(Array.from({ length: 10 }, (_, i) => bytesOf(`layer ${i}`, 100_000)));
  await testClient({ config: new Map([[at.domain, { connections: 2, http: true }]]) }).push(at, image.content, ctx);
  expect(registry.mostConnections).toBe(2);
  expect(registry.repository("a/b").blobs.size).toBe(11);
});

test("progress is told up to the last byte", async () => {
  const { at, ctx, image } = await lab();
  await testClient().push(at, image.content, ctx);
  const told = ctx.events.flatMap((event) =>
    event.type === "progress" && event.blob === sha256(layer) ? [event] : [],
  );
  expect(told.at(-1)).toEqual({
    type: "progress",
    direction: "upload",
    blob: sha256(layer),
    current: layer.length,
    total: layer.length,
  });
});

test("cancelling ends a push at once", async () => {
  const { registry, at, ctx, image } = await lab();
  const sockets: Socket[] = [];
  const cancel = fault(/^PATCH/, ({ request }) => {
    sockets.push(request.resume().socket);
    setTimeout(() => ctx.stop.abort(), 20);
  });
  registry.faults = [cancel];
  await expect(testClient().push(at, image.content, ctx)).rejects.toMatchObject({ code: "SLIP_CANCELLED" });
  expect(sockets).toHaveLength(1);
  await expect.poll(() => sockets[0]?.destroyed, { timeout: 10_000 }).toBe(true);
});
