import { describe, expect, test } from "vitest";
import { type Bytes, type Digest, sha256 } from "../../src/base/index.ts";
import { type Descriptor, mediaTypes } from "../../src/oci/index.ts";
import type { GrowingBlob } from "../../src/registry/index.ts";
import { type TestCtx, testClient, testCtx } from "./support/client.ts";
import { fakeRegistry } from "./support/fake-registry.ts";
import { always, fault, reset, status } from "./support/faults.ts";
import { startDockerRegistry, whyNoDockerRegistry } from "./support/docker-registry.ts";
import { bytesOf, collect, imageOf } from "./support/images.ts";

const layer = bytesOf("a layer that grows", 20_000_000);
const descriptor: Descriptor = { mediaType: mediaTypes.oci.layer.gzip, digest: sha256(layer), size: layer.length };
const half = 10_000_000;
const image = imageOf([layer]);

/** A blob of which half is there until it is let grow. */
class Half implements GrowingBlob {
  readonly whole: Promise<Descriptor>;
  /** Offsets that it was read from. */
  readonly opened: number[] = [];
  /** Bytes that were read in all. */
  read = 0;
  readonly #end = Promise.withResolvers<Descriptor>();

  constructor() {
    this.whole = this.#end.promise;
    this.whole.catch(() => undefined);
  }

  grow(as: Descriptor = descriptor): void {
    this.#end.resolve(as);
  }

  fail(error: Error): void {
    this.#end.reject(error);
  }

  async *open(from: number): Bytes {
    this.opened.push(from);
    for (let at = from; at < layer.length; at += 65_536) {
      if (at + 65_536 > half) await this.whole;
      this.read += Math.min(65_536, layer.length - at);
      yield layer.subarray(at, at + 65_536);
    }
  }

  async halfway(): Promise<void> {
    await expect.poll(() => this.read, { timeout: 10_000 }).toBeGreaterThan(half - 70_000);
  }
}

const there = (registry: Awaited<ReturnType<typeof fakeRegistry>>, digest: Digest = descriptor.digest): boolean =>
  registry.repository("a/b").blobs.get(digest)?.equals(layer) === true;

describe("a layer goes up while it is compressed", () => {
  test("in one stream, ended with its digest; the push that names it does not ask for it", async () => {
    const registry = await fakeRegistry();
    const [at, ctx, client, blob] = [registry.reference("a/b"), testCtx(), testClient(), new Half()];
    const headers: (string | undefined)[] = [];
    registry.faults = [
      fault(/^PATCH/, ({ request }) => {
        headers.push(request.headers["transfer-encoding"], request.headers["content-length"]);
        return false;
      }),
    ];
    const pushed = client.pushGrowing(at, blob, ctx);
    await blob.halfway();
    expect(registry.count(/^HEAD/)).toBe(0);
    blob.grow();
    await pushed;
    expect(there(registry)).toBe(true);
    expect(headers).toEqual(["chunked", undefined]);
    expect(blob.opened).toEqual([0]);
    await client.push(at, image.content, ctx);
    expect(registry.count(new RegExp(`^HEAD .*${descriptor.digest}`))).toBeLessThan(2);
    expect(registry.count(/^PATCH/)).toBe(1);
    expect(registry.uploads).toBe(0);
    const told = ctx.events.flatMap((event) =>
      event.type === "progress" && event.blob.startsWith("growing") ? [event] : [],
    );
    expect(told.at(-1)).toMatchObject({ current: layer.length, total: layer.length });
  });

  test("a cut before it is whole: it goes on where the registry is", async () => {
    const registry = await fakeRegistry();
    const [at, ctx, blob] = [registry.reference("a/b"), testCtx(), new Half()];
    const pushed = testClient().pushGrowing(at, blob, ctx);
    await blob.halfway();
    registry.cut();
    await expect.poll(() => ctx.events.filter(({ type }) => type === "retry").length, { timeout: 10_000 }).toBe(1);
    blob.grow();
    await pushed;
    expect(there(registry)).toBe(true);
    expect(blob.opened).toEqual([0, expect.toSatisfy((from: number) => from > 0 && from <= half)]);
    expect(registry.count(/^POST/)).toBe(1);
  });

  test.each([
    ["that takes no stream", fault(/^PATCH/, status(411)), 2],
    ["that begins no upload then", fault(/^POST/, status(400)), 2],
    ["that does not answer for a moment", fault(/^POST/, reset), 2],
  ] as const)("a registry %s gets it when it is whole", async (_, fails, posts) => {
    const registry = await fakeRegistry();
    const [at, ctx, blob] = [registry.reference("a/b"), testCtx(), new Half()];
    registry.faults = [fails];
    const pushed = testClient().pushGrowing(at, blob, ctx);
    await expect.poll(() => registry.count(/^POST/)).toBe(1);
    blob.grow();
    await pushed;
    expect(there(registry)).toBe(true);
    expect(registry.count(/^POST/)).toBe(posts);
    expect(registry.uploads).toBe(0);
  });

  test("with a limit of a request's bytes nothing is sent before it is whole", async () => {
    const registry = await fakeRegistry();
    const [at, ctx, blob] = [registry.reference("a/b"), testCtx(), new Half()];
    const config = new Map([[registry.domain, { chunk: 8_000_000 }]]);
    const pushed = testClient({ config }).pushGrowing(at, blob, ctx);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(registry.requests.filter((line) => !line.endsWith("/v2/"))).toEqual([]);
    blob.grow();
    await pushed;
    expect(there(registry)).toBe(true);
    expect(registry.count(/^PATCH/)).toBe(3);
  });

  test("a registry that turns out to have it gets no more of it", async () => {
    const registry = await fakeRegistry();
    const [at, ctx, blob] = [registry.reference("a/b"), testCtx(), new Half()];
    registry.repository("a/b").blobs.set(descriptor.digest, layer);
    const stalls = fault(/^PATCH/, ({ request }) => void request.pause(), always);
    registry.faults = [stalls];
    const pushed = testClient().pushGrowing(at, blob, ctx);
    await expect.poll(() => registry.count(/^PATCH/)).toBe(1);
    blob.grow();
    await pushed;
    expect(ctx.events).toContainEqual({ type: "exists", digest: descriptor.digest });
    expect(registry.count(/^DELETE .*uploads/)).toBe(1);
    expect(registry.uploads).toBe(0);
  });

  describe("and an upload that nobody needs any more", () => {
    /** A registry that has the layer already. */
    const having = async (options?: Parameters<typeof fakeRegistry>[0]): ReturnType<typeof fakeRegistry> => {
      const registry = await fakeRegistry(options);
      registry.repository("a/b").blobs.set(descriptor.digest, layer);
      return registry;
    };
    const grown = async (
      registry: Awaited<ReturnType<typeof fakeRegistry>>,
      client = testClient(),
    ): Promise<TestCtx> => {
      const [ctx, blob] = [testCtx(), new Half()];
      const pushed = client.pushGrowing(registry.reference("a/b"), blob, ctx);
      await blob.halfway();
      blob.grow();
      await pushed;
      return ctx;
    };

    test("is given up where the registry told of it last", async () => {
      const registry = await having();
      const moves = fault(/^PATCH/, ({ response }) => {
        const writeHead = response.writeHead.bind(response) as (status: number, headers: object) => typeof response;
        const moved = (code: number, headers: { readonly location: string }): typeof response =>
          writeHead(code, { ...headers, location: `${headers.location}&part=2` });
        response.writeHead = moved as unknown as typeof response.writeHead;
        return false;
      });
      registry.faults = [moves];
      await grown(registry);
      expect(registry.requests.at(-1)).toMatch(/^DELETE .*&part=2$/);
      expect(registry.uploads).toBe(0);
    });

    test("is given up with the right to delete, where that is asked for", async () => {
      const registry = await having({ auth: { type: "bearer" } });
      await grown(registry);
      expect(registry.uploads).toBe(0);
    });

    test("is left where nobody may delete, and the push goes on", async () => {
      const registry = await having({ auth: { type: "bearer" } });
      registry.faults.push(fault(/^GET \/token.*delete/, status(403), always));
      const client = testClient();
      await grown(registry, client);
      await client.push(registry.reference("a/b"), image.content, testCtx());
      expect(registry.repository("a/b").tags.size).toBe(1);
    });

    test("holds nobody up where the registry does not answer", async () => {
      const registry = await having();
      registry.faults = [fault(/^PATCH|^DELETE/, ({ request }) => void request.resume(), always)];
      const started = performance.now();
      await grown(registry);
      expect(performance.now() - started).toBeLessThan(8000);
    });

    test("ends when nobody can tell whether the layer is there", async () => {
      const registry = await having();
      registry.faults.push(fault(/^HEAD/, status(503), always));
      await expect(grown(registry)).rejects.toMatchObject({ code: "SLIP_REGISTRY" });
      expect(registry.uploads).toBe(0);
    });
  });

  test("what the registry has is no progress", async () => {
    const registry = await fakeRegistry();
    registry.repository("a/b").blobs.set(descriptor.digest, layer);
    const [ctx, blob] = [testCtx(), new Half()];
    blob.grow();
    const config = new Map([[registry.domain, { chunk: 8_000_000 }]]);
    await testClient({ config }).pushGrowing(registry.reference("a/b"), blob, ctx);
    expect(ctx.events).toEqual([{ type: "exists", digest: descriptor.digest }]);
  });

  test("what comes to nothing is given up, and its error is told", async () => {
    const registry = await fakeRegistry();
    const [at, ctx, blob] = [registry.reference("a/b"), testCtx(), new Half()];
    const pushed = testClient().pushGrowing(at, blob, ctx);
    pushed.catch(() => undefined);
    await blob.halfway();
    blob.fail(new Error("no space"));
    await expect(pushed).rejects.toThrow("no space");
    expect(registry.uploads).toBe(0);
    expect(registry.repository("a/b").blobs.size).toBe(0);
  });

  test("a digest that is not that of the bytes is refused, and sent once more at most", async () => {
    const registry = await fakeRegistry();
    const [at, ctx, blob] = [registry.reference("a/b"), testCtx(), new Half()];
    const pushed = testClient().pushGrowing(at, blob, ctx);
    pushed.catch(() => undefined);
    await blob.halfway();
    blob.grow({ ...descriptor, digest: sha256("another") });
    await expect(pushed).rejects.toMatchObject({ code: "SLIP_REGISTRY" });
    expect(registry.count(/^PUT/)).toBe(2);
  });

  test("who may not push hears of it before the layer is whole", async () => {
    const registry = await fakeRegistry({ auth: { type: "basic", users: {} } });
    const [at, ctx, blob] = [registry.reference("a/b"), testCtx(), new Half()];
    await expect(testClient().pushGrowing(at, blob, ctx)).rejects.toMatchObject({ code: "SLIP_UNAUTHORIZED" });
  });

  test("a cancelled push ends at once", async () => {
    const registry = await fakeRegistry();
    const [at, ctx, blob] = [registry.reference("a/b"), testCtx(), new Half()];
    const pushed = testClient().pushGrowing(at, blob, ctx);
    pushed.catch(() => undefined);
    await blob.halfway();
    ctx.stop.abort();
    blob.fail(new Error("Cancelled"));
    await expect(pushed).rejects.toMatchObject({ code: "SLIP_CANCELLED" });
  });
});

const because = whyNoDockerRegistry === undefined ? "" : ` (skipped: ${whyNoDockerRegistry})`;

describe.skipIf(whyNoDockerRegistry !== undefined)(`docker's registry${because}`, () => {
  test.each([1, 6])("keeps nothing of a layer that it turns out to have, over %d connections", async (connections) => {
    await using registry = await startDockerRegistry("none", false);
    const at = { domain: registry.domain, path: "a/b", tag: "one" };
    const config = new Map([[registry.domain, { connections }]]);
    const [ctx, client, blob, again] = [testCtx(), testClient({ config }), new Half(), new Half()];
    const first = client.pushGrowing(at, blob, ctx);
    await blob.halfway();
    blob.grow();
    await first;
    expect((await client.blob(at, descriptor, collect, ctx)).equals(layer)).toBe(true);
    const second = testClient({ config }).pushGrowing(at, again, ctx);
    await again.halfway();
    again.grow();
    await second;
    expect(ctx.events).toContainEqual({ type: "exists", digest: descriptor.digest });
    expect(registry.uploads("a/b")).toEqual([]);
  });
});
