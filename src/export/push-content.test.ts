import { expect, test } from "vitest";
import { sha256 } from "../base/index.ts";
import { openStore } from "../store/index.ts";
import { pushContent } from "./push-content.ts";
import { context, scratch, twoLayers } from "./fixtures.ts";

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
