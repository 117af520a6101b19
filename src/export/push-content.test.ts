import { randomFillSync } from "node:crypto";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { type Bytes, sha256 } from "../base/index.ts";
import type { Descriptor } from "../oci/index.ts";
import { openStore } from "../store/index.ts";
import { pushContent } from "./push-content.ts";
import { context, imageOf, scratch, twoLayers } from "./fixtures.ts";

test("layers are told of as they are ready, before the next is compressed, with who may have them", async () => {
  using folder = scratch();
  using store = openStore(`${folder.path}/store`);
  const image = { ...(await twoLayers(folder.path)), keeper: store };
  const there = { domain: "registry.example", path: "app" };
  const told: { readonly digest: string; readonly kept: number; readonly bytes: string }[] = [];
  const reading: Promise<void>[] = [];
  const { content } = await pushContent(
    { images: [image], names: [] },
    {
      keeper: store,
      repositoriesOf: () => [there],
      onLayer: (blob) => {
        const { digest } = blob.descriptor;
        expect(blob.origins).toEqual([there]);
        const kept = image.layers.filter(({ diffId }) => store.layerBlobs.get(diffId, "gzip", 4)).length;
        const read = async (): Promise<void> => {
          const chunks: Buffer[] = [];
          for await (const chunk of blob.open(0)) chunks.push(Buffer.from(chunk));
          told.push({ digest, kept, bytes: sha256(Buffer.concat(chunks)) });
        };
        reading.push(read());
      },
    },
    context(),
  );
  await Promise.all(reading);
  const layers = content.blobs.slice(0, 2).map(({ descriptor }) => descriptor.digest);
  expect(told.toSorted((a, b) => a.kept - b.kept)).toEqual(
    layers.map((digest, at) => ({ digest, kept: at + 1, bytes: digest })),
  );
});

test("the next repository hears of the one before, which may share what it has got", async () => {
  using folder = scratch();
  using store = openStore(`${folder.path}/store`);
  const image = { ...(await twoLayers(folder.path)), keeper: store };
  const pushed: { readonly domain: string; readonly path: string }[] = [];
  const form = { keeper: store, repositoriesOf: () => [...pushed] };
  const { content } = await pushContent({ images: [image], names: [] }, form, context());
  expect(content.blobs[0]?.origins).toEqual([]);
  pushed.push({ domain: "registry.example", path: "app" });
  expect(content.blobs[0]?.origins).toEqual(pushed);
});

/** Two layers, the first of which is large. */
async function largeAndSmall(folder: string): ReturnType<typeof imageOf> {
  const [large, small] = [`${folder}/large`, `${folder}/small`];
  mkdirSync(large);
  mkdirSync(small);
  const noise = Buffer.alloc(24 << 20);
  for (let at = 0; at < noise.length; at += 1 << 20) randomFillSync(noise, at, 1 << 20);
  writeFileSync(`${large}/noise`, noise);
  writeFileSync(`${small}/file`, "small");
  return imageOf([large, small]);
}

async function bytesOf(bytes: Bytes): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of bytes) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

test("a large layer is told of while it is compressed, and not again when it is whole", async () => {
  using folder = scratch();
  using store = openStore(`${folder.path}/store`);
  const image = { ...(await largeAndSmall(folder.path)), keeper: store };
  const grown: (readonly [Descriptor, string, string, boolean])[] = [];
  const whole: string[] = [];
  const { content } = await pushContent(
    { images: [image], names: [] },
    {
      keeper: store,
      repositoriesOf: () => [],
      onLayer: ({ descriptor }) => whole.push(descriptor.digest),
      onGrowing: async (blob) => {
        const isKept = store.layerBlobs.get(image.layers[0]!.diffId, "gzip", 4) !== undefined;
        const all = await bytesOf(blob.open(0));
        const descriptor = await blob.whole;
        const rest = await bytesOf(blob.open(1000));
        grown.push([descriptor, sha256(all), sha256(rest), isKept]);
      },
    },
    context(),
  );
  const [large, small] = content.blobs.map(({ descriptor }) => descriptor);
  await expect.poll(() => grown.length).toBe(1);
  const rest = (await bytesOf(content.blobs[0]!.open(0))).subarray(1000);
  expect(grown[0]).toEqual([large, large!.digest, sha256(rest), false]);
  expect(whole).toEqual([small!.digest]);
});

test("a large layer that comes to nothing is told of as such, and nothing is kept", async () => {
  using folder = scratch();
  using store = openStore(`${folder.path}/store`);
  const image = { ...(await largeAndSmall(folder.path)), keeper: store };
  // Its digest is another now.
  chmodSync(`${folder.path}/large/noise`, 0o4711);
  const told: unknown[] = [];
  const pushed = pushContent(
    { images: [image], names: [] },
    {
      keeper: store,
      repositoriesOf: () => [],
      onGrowing: async (blob) => {
        const results = await Promise.allSettled([blob.whole, bytesOf(blob.open(0))]);
        told.push(...results.map((result) => result.status === "rejected" && (result.reason as Error).message));
      },
    },
    context(),
  );
  await expect(pushed).rejects.toMatchObject({ code: "SLIP_STORE" });
  await expect
    .poll(() => told)
    .toEqual([expect.stringMatching(/^Cannot export layer/), expect.stringMatching(/compressed/)]);
  expect(store.layerBlobs.get(image.layers[0]!.diffId, "gzip", 4)).toBeUndefined();
});
