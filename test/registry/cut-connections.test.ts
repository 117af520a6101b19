import { type AddressInfo, connect, createServer } from "node:net";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { testClient, testCtx } from "./support/client.ts";
import { type DockerRegistry, startDockerRegistry, whyNoDockerRegistry } from "./support/docker-registry.ts";
import { bytesOf, collect, imageOf } from "./support/images.ts";

/** Stands before a registry, and cuts so many connections after so many bytes in one direction. */
async function cutter(
  domain: string,
  cut: "up" | "down",
  after: number,
  times: number,
): Promise<{ readonly domain: string; readonly cuts: () => number }> {
  let left = times;
  const server = createServer((client) => {
    const upstream = connect(Number(domain.split(":")[1]), "127.0.0.1");
    const end = (): void => {
      client.destroy();
      upstream.destroy();
    };
    for (const socket of [client, upstream]) socket.on("error", end).on("close", end);
    client.pipe(upstream).pipe(client);
    let bytes = 0;
    (cut === "up" ? client : upstream).on("data", (chunk: Uint8Array) => {
      bytes += chunk.byteLength;
      if (bytes < after || left === 0) return;
      left--;
      end();
    });
  });
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  onTestFinished(() => void server.close());
  return { domain: `127.0.0.1:${(server.address() as AddressInfo).port}`, cuts: () => times - left };
}

const because = whyNoDockerRegistry === undefined ? "" : ` (skipped: ${whyNoDockerRegistry})`;

describe.skipIf(whyNoDockerRegistry !== undefined)(`connections to docker's registry that are cut${because}`, () => {
  const layers = [bytesOf("first", 6_000_000), bytesOf("second", 4_000_000), bytesOf("third", 20_000)];
  const image = imageOf(layers);
  const amd64 = { os: "linux", architecture: "amd64" };
  let registry: DockerRegistry;
  beforeAll(async () => {
    registry = await startDockerRegistry("none", false);
  });
  afterAll(async () => registry[Symbol.asyncDispose]());

  test.each([1, 3])("%d times in an upload, then in a download", async (times) => {
    const uploads = await cutter(registry.domain, "up", 2_500_000, times);
    const at = { path: `cut/image${times}`, tag: "one" };
    await testClient().push({ ...at, domain: uploads.domain }, image.content, testCtx());
    expect(uploads.cuts()).toBe(times);

    const downloads = await cutter(registry.domain, "down", 1_500_000, times);
    const from = { ...at, domain: downloads.domain };
    const client = testClient();
    const { manifest } = await client.image(from, amd64, testCtx());
    const pulled = manifest.value.layers.map((layer) => client.blob(from, layer, collect, testCtx()));
    expect((await Promise.all(pulled)).map((bytes, i) => bytes.equals(layers[i]!))).toEqual([true, true, true]);
    expect(downloads.cuts()).toBe(times);
  });
});
