import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type EntryInit, tarEntry, tarOf } from "../../src/layer/fixtures.ts";
import { mediaTypes } from "../../src/oci/index.ts";
import { FakeRegistry } from "../registry/support/fake-registry.ts";
import { gzip, plain, type PlantedImage, type PlantedLayer, plantImage, zstd } from "../registry/support/planted.ts";
import { because, openLab, whyNoLab } from "./support/lab.ts";
import { readTree, type TreeFile } from "./support/tar-tree.ts";
import { start } from "./support/slipway.ts";

const own = { uid: 0, gid: 0 };
const file = (name: string, content = "evil\n"): EntryInit => ({ name, content, ...own });
const dir = (name: string): EntryInit => ({ name, type: "dir", ...own });
const link = (name: string, linkname: string): EntryInit => ({ name, type: "link", linkname, ...own });
const symlink = (name: string, linkname: string): EntryInit => ({ name, type: "symlink", linkname, ...own });
const of = (...entries: readonly EntryInit[]): PlantedLayer => plain(tarOf(...entries));
const image = (...layers: readonly PlantedLayer[]): PlantedImage => ({ layers });

type Tree = ReadonlyMap<string, TreeFile>;

describe.skipIf(whyNoLab)(`hostile images${because}`, () => {
  const lab = openLab();
  const canary = join(lab.folder, "canary");
  const registry = new FakeRegistry({});
  const up = `${"../".repeat(20)}${canary.slice(1)}`;
  let count = 0;
  let before: string;

  const canaryNow = (): string => {
    const stat = (path: string): string => {
      const { mode, uid, gid, mtimeNs, ctimeNs } = statSync(path, { bigint: true });
      return [mode, uid, gid, mtimeNs, ctimeNs].join();
    };
    const names = readdirSync(canary).join();
    return [names, stat(canary), stat(join(canary, "file")), readFileSync(join(canary, "file"), "utf8")].join(" ");
  };

  beforeAll(async () => {
    mkdirSync(canary);
    writeFileSync(join(canary, "file"), "good\n");
    before = canaryNow();
    await registry.listen();
  });
  afterAll(() => registry.close());

  /** Builds what the Dockerfile says into a tar, with a store of its own. */
  const use = async (name: string, dockerfile: string) => {
    const [store, tar] = [join(lab.folder, `store-${name}`), join(lab.folder, `${name}.tar`)];
    const args = ["build", "--progress=plain", "-o", `type=tar,dest=${tar}`, lab.context({ Dockerfile: dockerfile })];
    const { code, stderr } = await start(args, { store, env: { HOME: lab.folder } }).ended;
    return { code, stderr, store, tar };
  };

  type Planted = readonly (readonly [string, PlantedImage])[];
  const refused: Readonly<Record<string, Planted>> = {
    SLIP_LAYER_INVALID: [
      ["a name with ..", image(of(file(up + "/file")))],
      ["an absolute name with ..", image(of(file(`/../..${canary}/file`)))],
      ["a hard link to outside by ..", image(of(link("a", `${up}/file`), file("a")))],
      ["a hard link to outside, absolute", image(of(link("a", `${canary}/file`), file("a")))],
      ["a hard link through a link that leads outside", image(of(symlink("a", canary), link("b", "a/file")))],
      [
        "a hard link to a file of a layer below that is no file of this",
        image(of(symlink("a", canary)), of(link("b", "a/file"))),
      ],
      ["a whiteout of ..", image(of(file("d/.wh...")))],
      ["a name of megabytes", image(plain(Buffer.concat([longName(3 << 20), tarEntry(file("x"))])))],
      [
        "a PAX size that is a lie",
        image(plain(Buffer.concat([paxOf(16, "16 size=1000000\n"), tarEntry(file("x")), Buffer.alloc(1024)]))),
      ],
      ["a NUL in a name", image(plain(Buffer.concat([paxOf(14, "14 path=a\0bcd\n"), tarEntry(file("x"))])))],
      ["no tar", image(gzip(Buffer.from("hello world".repeat(1000))))],
      [
        "gzip that ends too soon",
        image({ ...gzip(tarOf(file("a"))), blob: gzipSync(tarOf(file("a"))).subarray(0, -9) }),
      ],
      ["a window of 2 GiB", image({ tar: tarOf(file("a")), blob: hugeWindow(), mediaType: mediaTypes.oci.layer.zstd })],
      ["escape sequences in a name", image(of(file("\u001b[31mred/../x")))],
    ],
    SLIP_DIGEST_MISMATCH: [
      ["another tar than its diff id", image({ tar: tarOf(file("a")), diffId: `sha256:${"a".repeat(64)}` })],
      ["a layer longer than it says", image({ tar: tarOf(file("a")), descriptor: { size: 512 } })],
      ["a layer of exabytes", image({ tar: tarOf(file("a")), descriptor: { size: Number.MAX_SAFE_INTEGER } })],
      ["a layer of no bytes that has some", image({ tar: tarOf(file("a")), descriptor: { size: 0 } })],
    ],
    SLIP_OCI_INVALID: [
      [
        "a layer of an unknown kind",
        image({ tar: tarOf(file("a")), mediaType: "application/vnd.example.layer.v9.squashfs" }),
      ],
      ["a size with a fraction", image({ tar: tarOf(file("a")), descriptor: { size: 1.5 } })],
      ["fewer layers than diff ids", { ...image(of(file("a"))), config: { rootfs: { type: "layers", diff_ids: [] } } }],
      ["9,000 layers", { layers: Array.from({ length: 9000 }, () => of(file("a"))) }],
      [
        "a million diff ids",
        {
          config: {
            rootfs: { type: "layers", diff_ids: Array.from({ length: 100_000 }, () => `sha256:${"a".repeat(64)}`) },
          },
        },
      ],
      ["escape sequences where it is told", { manifest: { mediaType: "\u001b[31mred\u001b]0;title\u0007" } }],
    ],
  };

  describe.concurrent.each(Object.entries(refused))("refused with %s", (wanted, rows) => {
    test.each(rows)("%s", async (_name, planted) => {
      const name = `refused-${count++}`;
      plantImage(registry, name, planted);
      const from = `${registry.domain}/${name}`;
      const { code, stderr, store } = await use(name, `FROM scratch\nCOPY --from=${from} / /\n`);
      const errors = stderr.match(/^ERROR: .*/gm) ?? [];
      expect([code, errors]).toEqual([wanted === "SLIP_OCI_INVALID" ? 5 : 6, [expect.stringContaining(`(${wanted})`)]]);
      expect(errors[0]).toContain(from);
      expect(stderr).not.toContain("\u001b");
      expect(await lab.verify(store)).toEqual([]);
      expect(canaryNow()).toBe(before);
    });
  });

  /** What an image does, and what comes of it below its folder of the result. */
  const harmless: readonly (readonly [string, PlantedImage, (tree: Tree) => void])[] = [
    [
      "an absolute name",
      image(of(file(`${canary}/file`))),
      (tree) => expect(tree.get(`${canary.slice(1)}/file`)?.content).toBe("evil\n"),
    ],
    [
      "a file through a link of the same layer",
      image(of(symlink("a", canary), file("a/file"))),
      (tree) => expect(tree.get("a")?.link).toBe(canary),
    ],
    [
      "a file through a link of a layer below",
      image(of(symlink("a", canary)), of(file("a/file"))),
      (tree) => expect(tree.get("a/file")?.content).toBe("evil\n"),
    ],
    [
      "a file over a link of a layer below",
      image(of(symlink("a", `${canary}/file`)), of(file("a"))),
      (tree) => expect(tree.get("a")?.content).toBe("evil\n"),
    ],
    [
      "whiteouts through a link",
      image(of(symlink("a", canary), file("a/.wh.file"), file("a/.wh..wh..opq"))),
      (tree) => expect(tree.get("a")?.link).toBe(canary),
    ],
    [
      "whiteouts through a link of a layer below",
      image(of(symlink("a", canary)), of(file("a/.wh.file"), file("a/.wh..wh..opq"))),
      (tree) => expect([...tree]).toMatchObject([["a", { type: "folder" }]]),
    ],
    [
      "a hard link to a link that leads outside",
      image(of(symlink("a", `${canary}/file`), link("b", "a"), file("b"))),
      (tree) => expect(tree.get("b")?.content).toBe("evil\n"),
    ],
    [
      "whiteouts of what is not there",
      image(
        of(file("a"), file(".wh.b")),
        of(file(".wh.nothing"), file("d/.wh.nothing"), file("d/.wh..wh..opq"), dir("d")),
      ),
      (tree) => expect([...tree.keys()].sort()).toEqual(["a", "d"]),
    ],
    [
      "setuid, and a device",
      image(of({ ...file("su"), mode: 0o4755 }, { name: "sda", type: "block", devMajor: 8, devMinor: 0, ...own })),
      (tree) => expect(tree.get("su")?.mode).toBe("4755"),
    ],
    [
      "two layers of the same bytes",
      image(of(file("a")), of(file("a"))),
      (tree) => expect(tree.get("a")?.content).toBe("evil\n"),
    ],
    ["a layer of no bytes", image({ tar: Buffer.alloc(0) }, of(file("a"))), (tree) => expect(tree.size).toBe(1)],
    ["names that are no UTF-8", image(of(file("\xff\xfe"))), (tree) => expect(tree.size).toBe(1)],
    [
      "gzip of several members",
      image({
        ...gzip(tarOf(file("a"))),
        blob: Buffer.concat([gzipSync(tarOf(file("a")).subarray(0, 700)), gzipSync(tarOf(file("a")).subarray(700))]),
      }),
      (tree) => expect(tree.get("a")?.content).toBe("evil\n"),
    ],
    [
      "zstd with frames to skip",
      image({
        ...zstd(tarOf(file("a"))),
        blob: Buffer.concat([skippable(), zstdCompressSync(tarOf(file("a"))), skippable()]),
      }),
      (tree) => expect(tree.get("a")?.content).toBe("evil\n"),
    ],
    [
      "a working folder above the root",
      { ...image(of(file("a"))), config: { config: { WorkingDir: `/../..${canary}` } } },
      (tree) => expect(tree.size).toBe(1),
    ],
  ];

  describe("harmless", () => {
    let result: Tree;

    beforeAll(async () => {
      const from = harmless.map(([, planted], i) => {
        plantImage(registry, `harmless-${i}`, planted);
        return `${registry.domain}/harmless-${i}`;
      });
      const working = from.at(-1) as string;
      const copies = from.map((name, i) => `COPY --from=${name} / /${i}/\n`).join("");
      // In the image with that working folder, a relative destination is the last of them.
      const dockerfile = `FROM scratch AS all\n${copies}FROM ${working} AS working\nCOPY Dockerfile copied\nFROM all\nCOPY --from=working / /working/\n`;
      const { code, stderr, store, tar } = await use("harmless", dockerfile);
      if (code !== 0) throw new Error(stderr);
      expect(await lab.verify(store)).toEqual([]);
      result = readTree(tar);
    });

    test.each(harmless.map(([name, , check], i) => [name, i, check] as const))("%s", (_name, i, check) => {
      const below = [...result].filter(([path]) => path.startsWith(`${i}/`));
      check(new Map(below.map(([path, found]) => [path.slice(`${i}/`.length), found])));
    });

    test("nothing of it outside", () => {
      expect(result.get(`working${canary}/copied`)?.type).toBe("file");
      expect(canaryNow()).toBe(before);
    });
  });
});

/** An extended header that says that it has so many bytes. */
function paxOf(size: number, body: string, flag = "x"): Buffer {
  const header = Buffer.from(tarEntry({ name: "x", content: body }));
  header.write(size.toString(8).padStart(11, "0"), 124, "latin1");
  header.write(flag, 156, "latin1");
  header.write("        ", 148, "latin1");
  const sum = header.subarray(0, 512).reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
  return header;
}

function longName(size: number): Buffer {
  return paxOf(size, "n".repeat(size), "L");
}

/** A frame of one raw block whose window is 2 GiB (RFC 8878, 3.1.1.1.2). */
function hugeWindow(): Buffer {
  const tar = tarOf(file("a"));
  const head = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, 21 << 3]);
  const block = Buffer.alloc(3);
  block.writeUIntLE((tar.length << 3) | 1, 0, 3);
  return Buffer.concat([head, block, tar]);
}

function skippable(): Buffer {
  const frame = Buffer.alloc(8 + 1000);
  frame.writeUInt32LE(0x184d2a57, 0);
  frame.writeUInt32LE(1000, 4);
  return frame;
}
