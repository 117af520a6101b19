import { execFileSync } from "node:child_process";
import { lstatSync, mkdirSync, readdirSync, readFileSync, statSync } from "node:fs";
import { gunzipSync, zstdDecompressSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { type Digest, sha256 } from "../base/index.ts";
import { parseConfig, parseManifest } from "../oci/index.ts";
import { openStore } from "../store/index.ts";
import { context, imageOf, readLayout, scratch, sizeOf, twoLayers, untar, whyNo } from "./fixtures.ts";
import { exportDocker, exportOci } from "./index.ts";

const names = ["docker.io/library/app:1.0", "ghcr.io/owner/app:latest"];
const decoders = {
  none: (bytes: Buffer): Buffer => bytes,
  gzip: (bytes: Buffer): Buffer => gunzipSync(bytes),
  zstd: (bytes: Buffer): Buffer => zstdDecompressSync(bytes),
};

describe("exportOci", () => {
  describe.each([true, false])("with tar %s", (tar) => {
    test.each(["gzip", "zstd", "none"] as const)(
      "writes a layout whose every digest holds, in %s",
      async (compression) => {
        using folder = scratch();
        const image = await twoLayers(folder.path);
        const dest = `${folder.path}/out`;
        const result = await exportOci([{ images: [image], names }], { dest, tar, compression }, context());
        const layout = readLayout(tar ? untar(dest, `${folder.path}/unpacked`) : dest);
        const { manifest, index, blob } = layout;
        expect(index.manifests.map(({ annotations }) => annotations)).toEqual([
          { "io.containerd.image.name": names[0], "org.opencontainers.image.ref.name": "1.0" },
          { "io.containerd.image.name": names[1], "org.opencontainers.image.ref.name": "latest" },
        ]);
        expect(result.descriptor?.digest).toBe(index.manifests[0]!.digest);
        for (const { digest, size } of [index.manifests[0]!, manifest.config, ...manifest.layers]) {
          expect(sha256(blob(digest))).toBe(digest);
          expect(blob(digest)).toHaveLength(size);
        }
        expect(blob(manifest.config.digest)).toEqual(Buffer.from(image.configBytes));
        const diffIds = manifest.layers.map(({ digest }) => sha256(decoders[compression](blob(digest))));
        expect(diffIds).toEqual(parseConfig(blob(manifest.config.digest)).rootfs.diff_ids);
        expect(result.size).toBe(tar ? statSync(dest).size : sizeOf(dest));
      },
    );
  });

  test("gives the same archive each time", async () => {
    using folder = scratch();
    const image = await twoLayers(folder.path);
    const digests = new Set<string>();
    for (const dest of [`${folder.path}/a`, `${folder.path}/b`]) {
      await exportOci([{ images: [image], names }], { dest, tar: true }, context());
      digests.add(sha256(readFileSync(dest)));
    }
    expect(digests.size).toBe(1);
  });

  test("writes a layer once that an image has twice, and takes an image of no layers", async () => {
    using folder = scratch();
    const [one] = (await twoLayers(folder.path)).layers;
    const twice = await imageOf([one!.upper, one!.upper]);
    const dest = `${folder.path}/out`;
    await exportOci([{ images: [twice], names: [] }], { dest, tar: true }, context());
    const blobs = execFileSync("tar", ["-tf", dest]).toString().trim().split("\n");
    expect(blobs).toHaveLength(new Set(blobs).size);
    expect(readLayout(untar(dest, `${folder.path}/u`)).manifest.layers).toHaveLength(2);
    await exportOci([{ images: [await imageOf([])], names: [] }], { dest, tar: true }, context());
    expect(readLayout(untar(dest, `${folder.path}/v`)).manifest.layers).toEqual([]);
  });

  test("compresses a layer once and takes it from the store from then on", async () => {
    using folder = scratch();
    using store = openStore(`${folder.path}/store`);
    const image = { ...(await twoLayers(folder.path)), keeper: store };
    const one = await exportOci([{ images: [image], names }], { dest: `${folder.path}/a`, tar: true }, context());
    const kept = store.layerBlobs.get(image.layers[0]!.diffId, "gzip", 4);
    expect(kept).toBeDefined();
    // without the folders a layer could not be made again
    const layers = image.layers.map((layer) => ({ ...layer, upper: "/nonexistent" }));
    const two = await exportOci(
      [{ images: [{ ...image, layers }], names }],
      { dest: `${folder.path}/b`, tar: true },
      context(),
    );
    expect(two.descriptor).toEqual(one.descriptor);
    expect(readFileSync(`${folder.path}/b`).equals(readFileSync(`${folder.path}/a`))).toBe(true);
  });

  test.each([true, false])("leaves nothing and keeps what was there when it fails (tar %s)", async (tar) => {
    using folder = scratch();
    const image = await twoLayers(folder.path);
    mkdirSync(`${folder.path}/out`);
    const dest = `${folder.path}/out/image`;
    const good = await exportOci([{ images: [image], names }], { dest, tar }, context());
    const wrong = sha256("other");
    const changed = {
      ...image,
      config: { ...image.config, rootfs: { type: "layers" as const, diff_ids: [image.layers[0]!.diffId, wrong] } },
      layers: [image.layers[0]!, { ...image.layers[1]!, diffId: wrong }],
    };
    await expect(exportOci([{ images: [changed], names }], { dest, tar }, context())).rejects.toMatchObject({
      code: "SLIP_STORE",
    });
    expect(readdirSync(`${folder.path}/out`)).toEqual(["image"]);
    const still = readLayout(tar ? untar(dest, `${folder.path}/u`) : dest);
    expect(still.index.manifests[0]!.digest).toBe(good.descriptor?.digest);
    // and a good one takes its place
    await exportOci([{ images: [image], names: [] }], { dest, tar }, context());
    expect(readdirSync(`${folder.path}/out`)).toEqual(["image"]);
  });

  test("does not take the place of a folder that is no layout", async () => {
    using folder = scratch();
    const image = await twoLayers(folder.path);
    const done = exportOci([{ images: [image], names }], { dest: folder.path, tar: false }, context());
    await expect(done).rejects.toMatchObject({ code: "SLIP_OUTPUT" });
    const tar = exportOci([{ images: [image], names }], { dest: folder.path, tar: true }, context());
    await expect(tar).rejects.toMatchObject({ code: "SLIP_OUTPUT" });
    expect(readdirSync(folder.path).sort()).toEqual(["one", "two"]);
  });

  test("stops when it is cancelled and leaves nothing", async () => {
    using folder = scratch();
    const image = await twoLayers(folder.path);
    mkdirSync(`${folder.path}/out`);
    const done = exportOci(
      [{ images: [image], names }],
      { dest: `${folder.path}/out/i`, tar: true },
      context(AbortSignal.abort()),
    );
    await expect(done).rejects.toMatchObject({ code: "SLIP_CANCELLED" });
    expect(readdirSync(`${folder.path}/out`)).toEqual([]);
  });

  test("writes through a device or pipe instead of replacing it", async () => {
    const image = await imageOf([]);
    const { location } = await exportOci([{ images: [image], names }], { dest: "/dev/null", tar: true }, context());
    expect(location).toBe("/dev/null");
    expect(lstatSync("/dev/null").isCharacterDevice()).toBe(true);
  });
});

describe("exportDocker", () => {
  test("says in manifest.json what docker load reads, beside the same layout", async () => {
    using folder = scratch();
    const image = await twoLayers(folder.path);
    const dest = `${folder.path}/out`;
    await exportDocker([{ images: [image], names }], { dest, tar: true }, context());
    const unpacked = untar(dest, `${folder.path}/unpacked`);
    const [entry] = JSON.parse(readFileSync(`${unpacked}/manifest.json`, "utf8")) as [
      { readonly Config: string; readonly RepoTags: readonly string[]; readonly Layers: readonly string[] },
    ];
    expect(entry.RepoTags).toEqual(["app:1.0", "ghcr.io/owner/app:latest"]);
    expect(readFileSync(`${unpacked}/${entry.Config}`)).toEqual(Buffer.from(image.configBytes));
    // uncompressed, as docker save writes them
    expect(entry.Layers.map((path) => sha256(readFileSync(`${unpacked}/${path}`)))).toEqual(
      image.config.rootfs.diff_ids,
    );
    const top = image.layers[1]!.diffId.slice(7);
    expect(JSON.parse(readFileSync(`${unpacked}/repositories`, "utf8"))).toEqual({
      app: { "1.0": top },
      "ghcr.io/owner/app": { latest: top },
    });
    expect(readLayout(unpacked).manifest.layers.map(({ digest }): Digest => digest)).toEqual(
      image.config.rootfs.diff_ids,
    );
  });
});

describe("several images in one archive", () => {
  /** Two images on one layer; the second has one more and is smaller than that. */
  async function family(folder: string) {
    const whole = await twoLayers(folder);
    const base = await imageOf([whole.layers[0]!.upper]);
    return [
      { images: [whole], names: ["docker.io/library/app:1.0", "docker.io/library/app:latest"] },
      { images: [base], names: ["docker.io/library/base:latest"] },
    ] as const;
  }

  test("docker's has an entry an image, and what they share once", async () => {
    using folder = scratch();
    const [app, base] = await family(folder.path);
    const dest = `${folder.path}/out`;
    const { descriptor } = await exportDocker([app, base], { dest, tar: true }, context());
    const entries = execFileSync("tar", ["-tf", dest]).toString().trim().split("\n");
    expect(entries).toHaveLength(new Set(entries).size);
    // two layers, two configurations, two manifests
    expect(entries.filter((entry) => /^blobs\/sha256\/./.test(entry))).toHaveLength(6);
    const unpacked = untar(dest, `${folder.path}/u`);
    const json = (name: string): unknown => JSON.parse(readFileSync(`${unpacked}/${name}`, "utf8"));
    const manifests = json("manifest.json") as { readonly RepoTags: unknown; readonly Layers: readonly string[] }[];
    expect(manifests.map(({ RepoTags }) => RepoTags)).toEqual([["app:1.0", "app:latest"], ["base:latest"]]);
    expect(manifests[1]!.Layers).toEqual(manifests[0]!.Layers.slice(0, 1));
    const [one, two] = app.images[0].layers.map(({ diffId }) => diffId.slice(7));
    expect(json("repositories")).toEqual({ app: { "1.0": two, latest: two }, base: { latest: one } });
    const { index } = readLayout(unpacked);
    expect(index.manifests.map(({ annotations }) => annotations?.["io.containerd.image.name"])).toEqual([
      ...app.names,
      ...base.names,
    ]);
    expect(descriptor?.digest).toBe(index.manifests[0]!.digest);
  });

  test.each([true, false])("the OCI layout has a manifest an image, each digest holds (tar %s)", async (tar) => {
    using folder = scratch();
    using store = openStore(`${folder.path}/store`);
    const images = (await family(folder.path)).map(({ images: [image], names: own }) => ({
      images: [{ ...image, keeper: store }] as const,
      names: own.slice(0, 1),
    }));
    const dest = `${folder.path}/out`;
    const { size } = await exportOci(images, { dest, tar }, context());
    const { index, blob } = readLayout(tar ? untar(dest, `${folder.path}/u`) : dest);
    const manifests = index.manifests.map(({ digest }) => parseManifest(blob(digest)));
    expect(manifests.map(({ layers }) => layers.length)).toEqual([2, 1]);
    expect(manifests[1]!.layers[0]).toEqual(manifests[0]!.layers[0]);
    for (const { digest } of manifests.flatMap(({ config, layers }) => [config, ...layers]))
      expect(sha256(blob(digest))).toBe(digest);
    expect(size).toBe(tar ? statSync(dest).size : sizeOf(dest));
  });
});

const skopeo = whyNo("skopeo");
describe.skipIf(skopeo)(`skopeo takes${skopeo ? ` (skipped: ${skopeo})` : ""}`, () => {
  test.each([
    ["docker-archive", "gzip", "oci"],
    ["docker-archive", "none", "oci"],
    ["oci-archive", "zstd", "oci"],
    ["oci-archive", "gzip", "oci"],
    ["oci", "none", "oci"],
  ] as const)("a %s with layers in %s", async (transport, compression, format) => {
    using folder = scratch();
    const image = await twoLayers(folder.path);
    const dest = `${folder.path}/out`;
    const write = transport === "docker-archive" ? exportDocker : exportOci;
    await write(
      [{ images: [image], names: names.slice(0, 1) }],
      { dest, tar: transport !== "oci", compression, format },
      context(),
    );
    // copying makes skopeo check every digest, and every diffID where it has to compress anew
    const copy = `${folder.path}/copy`;
    execFileSync("skopeo", ["--insecure-policy", "copy", `${transport}:${dest}`, `dir:${copy}`], { stdio: "pipe" });
    const { layers } = JSON.parse(readFileSync(`${copy}/manifest.json`, "utf8")) as {
      readonly layers: readonly unknown[];
    };
    expect(layers).toHaveLength(2);
  });
});

const umoci = whyNo("umoci") ?? (process.getuid?.() === 0 ? undefined : "unpacking owners needs root");
describe.skipIf(umoci)(`umoci unpacks${umoci ? ` (skipped: ${umoci})` : ""}`, () => {
  test("the two layers to the one file system", async () => {
    using folder = scratch();
    const image = await twoLayers(folder.path);
    await exportOci(
      [{ images: [image], names: names.slice(0, 1) }],
      { dest: `${folder.path}/out`, tar: false },
      context(),
    );
    execFileSync("umoci", ["unpack", "--image", `${folder.path}/out:1.0`, `${folder.path}/bundle`], { stdio: "pipe" });
    const root = `${folder.path}/bundle/rootfs`;
    expect(readdirSync(root).sort()).toEqual(["file", "link", "opaque", "setuid", "twin"]);
    expect(readdirSync(`${root}/opaque`)).toEqual(["new"]);
    expect(statSync(`${root}/setuid`).mode & 0o7777).toBe(0o4755);
    expect(statSync(`${root}/twin`).ino).toBe(statSync(`${root}/file`).ino);
  });
});
