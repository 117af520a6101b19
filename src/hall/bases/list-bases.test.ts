import { Readable } from "node:stream";
import { expect, test } from "vitest";
import { addLayer, tempStore } from "../../../test/support/store-lab.ts";
import { sha256 } from "../../base/index.ts";
import { defaultLevel } from "../../layer/index.ts";
import { openStore } from "../../store/index.ts";
import { listBases } from "./list-bases.ts";

test.each(["amd64", "arm64"])("every base of %s has both sizes in a store that has none", async (arch) => {
  const bases = await listBases({ arch, store: tempStore().root });
  expect(bases.map(({ name, suite }) => `${name} ${suite}`)).toEqual([
    ...["static", "base-nossl", "base", "cc", "python3", "java-base", "java21", "java25", "nodejs"].map(
      (name) => `${name} trixie`,
    ),
    ...["static", "base-nossl", "base", "cc", "python3", "java-base", "java17", "nodejs"].map(
      (name) => `${name} bookworm`,
    ),
  ]);
  for (const { size = 0, compressed = 0, name, ...base } of bases) {
    expect([name, compressed > 500_000, size > compressed]).toEqual([name, true, true]);
    expect(base).toMatchObject({ platform: `linux/${arch}`, inStore: false, compressedInStore: false });
    expect(base.measured).toMatch(/^20\d\d-\d\d-\d\d$/);
  }
});

test("what was not measured has no size, and no guess for one", async () => {
  const bases = await listBases({ arch: "riscv64", suite: "trixie", store: tempStore().root });
  expect(bases).toHaveLength(9);
  for (const { size, compressed } of bases) expect([size, compressed]).toEqual([undefined, undefined]);
});

test("one in the store has its own size, and the compressed one once it was written out", async () => {
  const { root } = tempStore();
  const static13 = async () => (await listBases({ suite: "trixie", arch: "amd64", store: root }))[0];
  const diffId = sha256("layer");
  {
    using store = openStore(root);
    const layer = addLayer(store, undefined);
    const config = { architecture: "amd64", os: "linux", config: {}, rootfs: { type: "layers", diff_ids: [diffId] } };
    const bytes = Buffer.from(JSON.stringify(config));
    const id = sha256(bytes);
    store.images.put({ id, config: config as never, snapshots: [layer], size: 12_345, created: 0 }, bytes);
    store.images.tag("gcr.io/distroless/static-debian13:latest", id);
  }
  const measured = await static13();
  expect(measured).toMatchObject({ size: 12_345, inStore: true, compressedInStore: false });
  expect(measured?.compressed).toBeGreaterThan(500_000);
  {
    using store = openStore(root);
    const { digest, size } = await store.blobs.write(Readable.from([new Uint8Array(678)]));
    store.layerBlobs.put({ diffId, compression: "gzip", level: defaultLevel.gzip, digest, size });
  }
  expect(await static13()).toMatchObject({ size: 12_345, compressed: 678, compressedInStore: true });
});
