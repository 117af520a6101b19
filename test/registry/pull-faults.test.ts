import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { inspect } from "node:util";
import { describe, expect, onTestFinished, test } from "vitest";
import { SlipwayError } from "../../src/base/index.ts";
import type { Reference } from "../../src/oci/index.ts";
import { testClient, type TestCtx, testCtx } from "./support/client.ts";
import { type FakeOptions, fakeRegistry, type FakeRegistry } from "./support/fake-registry.ts";
import {
  always,
  answer,
  cutAfter,
  endless,
  fault,
  late,
  redirect,
  redirectTo,
  reset,
  silence,
  status,
  trickle,
} from "./support/faults.ts";
import { blobOf, bytesOf, collect } from "./support/images.ts";

const bytes = bytesOf("blob", 3_000_000);
const { descriptor } = blobOf(bytes);
const aBlob = /^GET .*\/blobs\/sha256/;

interface Lab {
  readonly registry: FakeRegistry;
  readonly at: Reference;
  readonly ctx: TestCtx;
}

async function lab(options: FakeOptions = {}): Promise<Lab> {
  const registry = await fakeRegistry(options);
  registry.repository("a/b").blobs.set(descriptor.digest, bytes);
  return { registry, at: registry.reference("a/b"), ctx: testCtx() };
}

const retries = ({ events }: TestCtx): number => events.filter(({ type }) => type === "retry").length;

async function listen(server: Server): Promise<string> {
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe("mended on the way", () => {
  test("a cut in the middle: it goes on by Range", async () => {
    const { registry, at, ctx } = await lab();
    const ranges: (string | undefined)[] = [];
    registry.faults = [
      fault(aBlob, ({ request }) => (ranges.push(request.headers.range), false), always),
      fault(aBlob, cutAfter(bytes.subarray(0, 1_234_567), bytes.length)),
    ];
    expect((await testClient().blob(at, descriptor, collect, ctx)).equals(bytes)).toBe(true);
    expect(ranges).toEqual([undefined, expect.stringMatching(/^bytes=[1-9]\d*-$/)]);
    expect(retries(ctx)).toBe(1);
  });

  test("a cut, and a registry without ranges", async () => {
    const { registry, at, ctx } = await lab({ ranges: false });
    registry.faults = [fault(aBlob, cutAfter(bytes.subarray(0, 1_234_567), bytes.length))];
    expect((await testClient().blob(at, descriptor, collect, ctx)).equals(bytes)).toBe(true);
  });

  test("a body of no announced length that ends too soon", async () => {
    const { registry, at, ctx } = await lab();
    registry.faults = [fault(aBlob, ({ response }) => void response.writeHead(200).end(bytes.subarray(0, 100_000)))];
    expect((await testClient().blob(at, descriptor, collect, ctx)).equals(bytes)).toBe(true);
  });

  test("a last byte without the end of the body", async () => {
    const { registry, at, ctx } = await lab();
    registry.faults = [fault(aBlob, cutAfter(bytes, undefined))];
    expect((await testClient().blob(at, descriptor, collect, ctx)).equals(bytes)).toBe(true);
  });

  test("more cuts than tries, with progress between them", async () => {
    const { registry, at, ctx } = await lab();
    const big = bytesOf("big", 9_000_000);
    const wanted = blobOf(big).descriptor;
    registry.repository("a/b").blobs.set(wanted.digest, big);
    const cut = fault(
      aBlob,
      ({ request, response }) => {
        const from = Number(/\d+/.exec(request.headers.range ?? "0")?.[0]);
        response.writeHead(from > 0 ? 206 : 200, {
          "content-length": big.length - from,
          "content-range": `bytes ${from}-${big.length - 1}/${big.length}`,
        });
        response.write(big.subarray(from, from + 1_300_000), () => setTimeout(() => response.destroy(), 20));
      },
      6,
    );
    registry.faults = [cut];
    expect((await testClient({ limits: { attempts: 3 } }).blob(at, wanted, collect, ctx)).equals(big)).toBe(true);
    expect(retries(ctx)).toBe(6);
  });

  test("damage, once: the reader begins again", async () => {
    const { registry, at, ctx } = await lab();
    const damaged = Buffer.from(bytes);
    damaged.writeUInt8(damaged.readUInt8(1000) ^ 1, 1000);
    registry.faults = [fault(aBlob, answer(damaged))];
    let readers = 0;
    const read = testClient().blob(at, descriptor, (stream) => (readers++, collect(stream)), ctx);
    expect((await read).equals(bytes)).toBe(true);
    expect(readers).toBe(2);
  });

  test.each([
    ["a connection that breaks before the answer", reset],
    ["500", status(500)],
    ["502 without a word", answer("<html>", {}, 502)],
    ["429 that asks for a moment", status(429, { "retry-after": "0" })],
    ["a server that is silent", silence],
    ["a server that trickles", trickle(bytes.length)],
    ["a slow answer", late(300)],
  ] as const)("%s", async (name, act) => {
    const { registry, at, ctx } = await lab();
    registry.faults = [fault(aBlob, act)];
    const limits = /silent|trickles/.test(name) ? { headers: 500, stall: 400, slowest: 10_000 } : {};
    const client = testClient({ limits });
    expect((await client.blob(at, descriptor, collect, ctx)).equals(bytes)).toBe(true);
  });

  test("Retry-After is waited for", async () => {
    const { registry, at, ctx } = await lab();
    registry.faults = [fault(aBlob, status(429, { "retry-after": "1" }))];
    const start = performance.now();
    await testClient().blob(at, descriptor, collect, ctx);
    expect(performance.now() - start).toBeGreaterThan(990);
  });

  test("a reader slower than all limits is nobody's fault", async () => {
    const { at, ctx } = await lab();
    const read = testClient({ limits: { stall: 200, slowest: 1_000_000 } }).blob(
      at,
      descriptor,
      async (stream) => {
        let size = 0;
        for await (const chunk of stream) {
          if (size < 200_000) await sleep(150);
          size += chunk.byteLength;
        }
        return size;
      },
      ctx,
    );
    expect(await read).toBe(bytes.length);
    expect(retries(ctx)).toBe(0);
  });
});

describe("refused", () => {
  test.each([
    [
      "damage that stays",
      answer(Buffer.alloc(bytes.length)),
      "SLIP_DIGEST_MISMATCH",
      /its bytes have the digest sha256:/,
    ],
    [
      "another length",
      answer(bytes.subarray(1)),
      "SLIP_DIGEST_MISMATCH",
      /expected 3000000 bytes, the registry has 2999999/,
    ],
    ["a body without end", endless, "SLIP_DIGEST_MISMATCH", /expected 3000000 bytes, got more/],
    [
      "another range",
      answer(bytes.subarray(5), { "content-range": `bytes 5-2999999/3000000` }, 206),
      "SLIP_REGISTRY",
      /answered 206/,
    ],
    [
      "a compressed body",
      answer(bytes, { "content-encoding": "gzip" }),
      "SLIP_DIGEST_MISMATCH",
      /compressed on the way/,
    ],
    ["500 for ever", status(500), "SLIP_REGISTRY", /answered 500 \(TESTED: tested\)/],
    ["a reset for ever", reset, "SLIP_NETWORK", /Cannot fetch a blob of 127/],
    ["silence for ever", silence, "SLIP_NETWORK", /no answer from 127\S+ for 0.3 s/],
    ["a head that is too large", answer("", { "x-flood": "x".repeat(70_000) }), "SLIP_NETWORK", /overflow/i],
    ["not found", status(404), "SLIP_IMAGE_UNKNOWN", /answered 404/],
    ["not allowed", status(403), "SLIP_UNAUTHORIZED", /answered 403/],
    ["a limit for hours", status(429, { "retry-after": "21600" }), "SLIP_REGISTRY", /answered 429/],
    ["a redirect to itself", redirectTo((path) => path), "SLIP_REGISTRY", /form a loop/],
    ["redirects without end", redirectTo((path) => `${path}x`), "SLIP_REGISTRY", /redirects more than 5 times/],
    ["a redirect to a file", redirect("file:///etc/passwd"), "SLIP_REGISTRY", /redirects to file:/],
    ["a redirect to nowhere", redirect("http://[x"), "SLIP_REGISTRY", /what is no address/],
  ] as const)("%s", async (name, act, code, message) => {
    const { registry, at, ctx } = await lab();
    registry.faults = [fault(/^GET .*\/blobs\/sha256/, act, always)];
    const client = testClient({ limits: { attempts: 3, ...(name.includes("silence") && { headers: 300 }) } });
    await expect(client.blob(at, descriptor, collect, ctx)).rejects.toMatchObject({
      name: "SlipwayError",
      code,
      message: expect.stringMatching(message),
    });
    await expect.poll(() => registry.connections, { timeout: 10_000 }).toBeLessThanOrEqual(2);
  });

  test("a range other than the one that was asked for", async () => {
    const { registry, at, ctx } = await lab();
    const wrong = answer(bytes.subarray(5), { "content-range": `bytes 5-2999999/3000000` }, 206);
    registry.faults = [
      fault(aBlob, cutAfter(bytes.subarray(0, 100_000), bytes.length)),
      fault(aBlob, wrong),
      fault(aBlob, cutAfter(bytes.subarray(0, 100_000), bytes.length)),
      fault(aBlob, wrong),
    ];
    await expect(testClient().blob(at, descriptor, collect, ctx)).rejects.toMatchObject({
      code: "SLIP_DIGEST_MISMATCH",
      message: expect.stringContaining("another range"),
    });
  });

  test("what nobody listens for", async () => {
    const { registry, at, ctx } = await lab();
    registry.close();
    await expect(testClient().blob(at, descriptor, collect, ctx)).rejects.toMatchObject({
      code: "SLIP_NETWORK",
      message: expect.stringContaining("ECONNREFUSED"),
    });
  });
});

describe("the reader", () => {
  test("gets its own error back as it was, and nothing is tried again", async () => {
    const { registry, at, ctx } = await lab();
    const own = new SlipwayError({ code: "SLIP_DISK_FULL", message: "full" });
    const reading = testClient().blob(at, descriptor, () => Promise.reject(own), ctx);
    await expect(reading).rejects.toBe(own);
    const middle = testClient().blob(
      at,
      descriptor,
      async (stream) => {
        for await (const _ of stream) throw own;
      },
      ctx,
    );
    await expect(middle).rejects.toBe(own);
    expect(registry.count(aBlob)).toBe(1);
    await expect.poll(() => registry.connections, { timeout: 10_000 }).toBe(0);
  });

  test("may not leave before the digest is known", async () => {
    const { at, ctx } = await lab();
    const reading = testClient().blob(
      at,
      descriptor,
      async (stream) => {
        for await (const chunk of stream) return chunk.byteLength;
        return 0;
      },
      ctx,
    );
    await expect(reading).rejects.toMatchObject({ code: "SLIP_INTERNAL" });
  });

  test("that swallows the mismatch is told once more", async () => {
    const { registry, at, ctx } = await lab();
    registry.faults = [fault(aBlob, answer(Buffer.alloc(bytes.length)), always)];
    const reading = testClient().blob(at, descriptor, (stream) => collect(stream).catch(() => "fine"), ctx);
    await expect(reading).rejects.toMatchObject({ code: "SLIP_DIGEST_MISMATCH" });
  });
});

test("cancelling ends everything at once, with one error", async () => {
  const { registry, at, ctx } = await lab();
  registry.faults = [fault(aBlob, silence, always)];
  const client = testClient({ config: new Map([[at.domain, { connections: 2 }]]) });
  const all = Array.from({ length: 5 }, () => client.blob(at, descriptor, collect, ctx));
  setTimeout(() => ctx.stop.abort(), 50);
  const start = performance.now();
  const ended = await Promise.allSettled(all);
  expect(performance.now() - start).toBeLessThan(5000);
  for (const one of ended) expect(one).toMatchObject({ status: "rejected", reason: { code: "SLIP_CANCELLED" } });
  await expect.poll(() => registry.connections, { timeout: 10_000 }).toBe(0);
  registry.faults = [];
  expect((await client.blob(at, descriptor, collect, testCtx())).equals(bytes)).toBe(true);
});

test("cancelling ends a pause between two tries", async () => {
  const { registry, at, ctx } = await lab();
  registry.faults = [fault(aBlob, status(503, { "retry-after": "30" }))];
  const reading = testClient().blob(at, descriptor, collect, ctx);
  setTimeout(() => ctx.stop.abort(), 100);
  await expect(reading).rejects.toMatchObject({ code: "SLIP_CANCELLED" });
});

test("never more connections than configured", async () => {
  const { registry, at, ctx } = await lab();
  registry.faults = [fault(aBlob, late(20), always)];
  const config = new Map([[at.domain, { connections: 3, http: true }]]);
  const client = testClient({ config });
  const all = await Promise.all(Array.from({ length: 12 }, () => client.blob(at, descriptor, collect, ctx)));
  expect(all.every((one) => one.equals(bytes))).toBe(true);
  expect(registry.mostConnections).toBe(3);
});

/** Sends those who show credentials elsewhere. */
const sendAway = (to: string) =>
  fault(
    aBlob,
    (exchange) => exchange.request.headers.authorization !== undefined && redirect(to)(exchange) !== false,
    always,
  );

describe("redirects", () => {
  test("lead to the bytes, without the credentials, and back at a cut", async () => {
    const { registry, at, ctx } = await lab({ auth: { type: "bearer" } });
    const seen: { readonly authorization: string | undefined; readonly range: string | undefined }[] = [];
    const elsewhere = await listen(
      createServer((request, response) => {
        const { authorization, range } = request.headers;
        seen.push({ authorization, range });
        const from = Number(/\d+/.exec(range ?? "0")?.[0]);
        const head = { "content-range": `bytes ${from}-${bytes.length - 1}/${bytes.length}` };
        response.writeHead(from > 0 ? 206 : 200, { "content-length": bytes.length - from, ...head });
        if (from > 0) response.end(bytes.subarray(from));
        else response.write(bytes.subarray(0, 1_500_000), () => setTimeout(() => response.destroy(), 20));
      }),
    );
    registry.faults = [sendAway(`${elsewhere}/x?sig=1`)];
    expect((await testClient().blob(at, descriptor, collect, ctx)).equals(bytes)).toBe(true);
    expect(seen).toEqual([
      { authorization: undefined, range: undefined },
      { authorization: undefined, range: expect.stringMatching(/^bytes=\d+-$/) },
    ]);
  });

  test("back home are no reason to send credentials again", async () => {
    const { registry, at, ctx } = await lab({ auth: { type: "bearer" } });
    const home = `${registry.url}/v2/secret`;
    const elsewhere = await listen(
      createServer((_request, response) => void response.writeHead(307, { location: home }).end()),
    );
    registry.faults = [sendAway(elsewhere)];
    await expect(testClient().blob(at, descriptor, collect, ctx)).rejects.toMatchObject({ name: "SlipwayError" });
    const secret = registry.requests.findIndex((line) => line.endsWith("/v2/secret"));
    expect(secret).toBeGreaterThan(0);
    expect(registry.authorizations[secret]).toBeUndefined();
  });

  test("what an address keeps secret is in no error", async () => {
    const { registry, at, ctx } = await lab();
    const elsewhere = await listen(createServer((_request, response) => void response.writeHead(403).end()));
    registry.faults = [fault(aBlob, redirect(`${elsewhere.replace("//", "//me:hidden@")}/x?signature=hidden`), always)];
    const error = await testClient()
      .blob(at, descriptor, collect, ctx)
      .catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: "SLIP_UNAUTHORIZED" });
    expect(JSON.stringify([error, (error as Error).stack, inspect(error), ctx.events])).not.toContain("hidden");
  });
});

test("warnings of a registry are passed on, once", async () => {
  const { registry, at, ctx } = await lab();
  registry.faults = [
    fault(
      aBlob,
      ({ response }) => {
        response.setHeader("warning", `299 - "This \\"registry\\" closes\u0007 soon"`.replace("\u0007", ""));
        return false;
      },
      always,
    ),
  ];
  const client = testClient();
  for (let i = 0; i < 2; i++) await client.blob(at, descriptor, collect, ctx);
  expect(ctx.events.filter(({ type }) => type === "warning")).toEqual([
    { type: "warning", host: at.domain, text: `This "registry" closes soon` },
  ]);
});
