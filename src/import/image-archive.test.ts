import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Bytes } from "../base/index.ts";
import { sha256 } from "../base/index.ts";
import { encodeHeader, roundUp, type TarEntryType } from "../layer/index.ts";
import { archivedImages, openImageArchive, openImageFolder } from "./index.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "slipway-archive-"));
  mkdirSync(join(folder, "out"));
});
afterEach(() => rmSync(folder, { recursive: true }));

interface Entry {
  readonly name: string;
  readonly type?: TarEntryType;
  readonly content?: string;
  readonly linkname?: string;
}

function tarOf(entries: readonly Entry[]): Buffer {
  const parts = entries.map(({ name, type = "file", content = "", linkname = "" }) => {
    const header = {
      name,
      type,
      mode: 0o644,
      uid: 0,
      gid: 0,
      mtimeNs: 0n,
      linkname,
      devMajor: 0,
      devMinor: 0,
      xattrs: new Map(),
    };
    const body = Buffer.alloc(roundUp(content.length), 0);
    body.write(content);
    return Buffer.concat([encodeHeader({ ...header, size: type === "file" ? content.length : 0 }), body]);
  });
  return Buffer.concat([...parts, Buffer.alloc(1024)]);
}

async function* bytes(data: Uint8Array): Bytes {
  for (let at = 0; at < data.length; at += 700) yield data.subarray(at, at + 700);
}

const open = (data: Uint8Array): ReturnType<typeof openImageArchive> =>
  openImageArchive(bytes(data), { name: "x.tar", folder: join(folder, "out"), signal: new AbortController().signal });

test("files are found by their names, through links, and lie under names of our own", async () => {
  const archive = await open(
    tarOf([
      { name: "./a/b", content: "content" },
      { name: "a/", type: "dir" },
      { name: "c/layer", type: "symlink", linkname: "../a/b" },
      { name: "hard", type: "link", linkname: "c/layer" },
      { name: "loop", type: "symlink", linkname: "loop" },
    ]),
  );
  for (const name of ["a/b", "a//b", "c/layer", "c/../a/b", "hard"]) {
    const found = archive.find(name);
    expect([name, await found?.digest(), found?.size]).toEqual([name, sha256("content"), 7]);
    expect(readFileSync(found!.file, "utf8")).toBe("content");
  }
  expect(archive.find("a")).toBeUndefined();
  expect(() => archive.find("loop")).toThrow("leads nowhere");
  expect(() => archive.find("../x")).toThrow("which is outside");
  expect(readdirSync(join(folder, "out"))).toEqual(["0"]);
});

test.each<readonly [string, readonly Entry[], string]>([
  ["a name above", [{ name: "../x", content: "1" }], "leads outside"],
  ["an absolute name", [{ name: "/etc/passwd", content: "1" }], "leads outside"],
  ["a link above", [{ name: "a", type: "symlink", linkname: "../../x" }], "leads outside"],
  ["an absolute link", [{ name: "a", type: "symlink", linkname: "/etc/shadow" }], "leads outside"],
  ["a hard link above", [{ name: "a/b", type: "link", linkname: "../x" }], "leads outside"],
  ["a device", [{ name: "a", type: "char" }], "neither a file nor a link"],
  [
    "a name twice",
    [
      { name: "a", content: "1" },
      { name: "./a", content: "2" },
    ],
    "twice",
  ],
])("refuses %s", async (_name, entries, message) => {
  await expect(open(tarOf(entries))).rejects.toMatchObject({
    code: "SLIP_OCI_INVALID",
    message: expect.stringContaining(message),
  });
});

test("a file that the disk has no room for is refused before it is written", async () => {
  const header = { name: "big", mode: 0o644, uid: 0, gid: 0, mtimeNs: 0n, linkname: "", devMajor: 0, devMinor: 0 };
  const huge = encodeHeader({ ...header, type: "file", xattrs: new Map(), size: 2 ** 50 });
  await expect(open(Buffer.concat([huge, Buffer.alloc(4096)]))).rejects.toMatchObject({ code: "SLIP_DISK_FULL" });
  expect(readdirSync(join(folder, "out"))).toEqual([]);
});

test("refuses what is cut off", async () => {
  const whole = tarOf([{ name: "a", content: "x".repeat(5000) }]);
  await expect(open(whole.subarray(0, 3000))).rejects.toMatchObject({ code: "SLIP_LAYER_INVALID" });
});

describe("images of an archive", () => {
  const config = JSON.stringify({ architecture: "amd64", os: "linux", rootfs: { type: "layers", diff_ids: [] } });
  const hex = sha256(config).slice(7);
  const list = (entry: object): Entry => ({ name: "manifest.json", content: JSON.stringify([entry]) });
  const images = async (...entries: readonly Entry[]): ReturnType<typeof archivedImages> =>
    archivedImages(await open(tarOf(entries)));

  test("are those of manifest.json where there is no layout", async () => {
    const layer = { name: "l/layer.tar", content: "tar" };
    const found = await images(
      list({ Config: `${hex}.json`, RepoTags: ["app:1", "Bad Name"], Layers: ["l/layer.tar"] }),
      { name: `${hex}.json`, content: config },
      layer,
    );
    expect(found).toMatchObject([
      {
        names: ["docker.io/library/app:1"],
        images: [
          {
            whole: false,
            manifest: {
              value: {
                config: { digest: `sha256:${hex}`, size: config.length },
                layers: [{ digest: sha256("tar"), size: 3, mediaType: "application/vnd.docker.image.rootfs.diff.tar" }],
              },
            },
          },
        ],
      },
    ]);
  });

  test.each<readonly [string, readonly Entry[], string]>([
    ["nothing of an image", [{ name: "a", content: "1" }], "neither an OCI image layout nor a docker archive"],
    ["only old metadata", [{ name: "repositories", content: "{}" }], "before version 1.10"],
    ["a list that is none", [{ name: "manifest.json", content: "{}" }], "is no list"],
    ["an entry of nothing", [{ name: "manifest.json", content: "[null]" }], "without Config or Layers"],
    ["no configuration", [list({ Config: "c", Layers: [] })], "its configuration c is missing"],
    [
      "no layer",
      [list({ Config: `${hex}.json`, Layers: ["../l"] }), { name: `${hex}.json`, content: config }],
      "which is outside",
    ],
    [
      "another configuration than its name says",
      [list({ Config: `blobs/sha256/${hex}`, Layers: [] }), { name: `blobs/sha256/${hex}`, content: `${config} ` }],
      "has the digest",
    ],
    [
      "an index of blobs that are not there",
      [
        { name: "oci-layout", content: '{"imageLayoutVersion":"1.0.0"}' },
        {
          name: "index.json",
          content: JSON.stringify({
            schemaVersion: 2,
            manifests: [{ mediaType: "application/vnd.oci.image.manifest.v1+json", digest: `sha256:${hex}`, size: 5 }],
          }),
        },
      ],
      `the blob sha256:${hex} is missing`,
    ],
  ])("refuses %s", async (_name, entries, message) => {
    await expect(images(...entries)).rejects.toThrow(message);
  });

  test.each(["null", "no JSON", "5", '{"subject":null}', '{"subject":5,"artifactType":{}}'])(
    "refuses a manifest that is %s as one that is damaged",
    async (content) => {
      const digest = sha256(content);
      const mediaType = "application/vnd.oci.image.manifest.v1+json";
      const index = { schemaVersion: 2, manifests: [{ mediaType, digest, size: content.length }] };
      const refused = images(
        { name: "oci-layout", content: "{}" },
        { name: "index.json", content: JSON.stringify(index) },
        { name: `blobs/sha256/${digest.slice(7)}`, content },
      );
      await expect(refused).rejects.toMatchObject({ code: "SLIP_OCI_INVALID" });
    },
  );

  test("have what is attached to many of them in memory once", async () => {
    const type = "application/vnd.oci.image.manifest.v1+json";
    const blobs = new Map<string, string>([[sha256(config), config]]);
    const put = (text: string): { readonly digest: string; readonly size: number } => {
      blobs.set(sha256(text), text);
      return { digest: sha256(text), size: text.length };
    };
    const [configType, layerType] = ["application/vnd.oci.image.config.v1+json", "application/vnd.in-toto+json"];
    const own = { mediaType: configType, digest: sha256(config), size: config.length };
    const statement = { mediaType: layerType, ...put("x".repeat(100_000)) };
    const about = put(JSON.stringify({ schemaVersion: 2, mediaType: type, config: own, layers: [statement] }));
    const manifests = Array.from({ length: 300 }, (_, at) =>
      put(JSON.stringify({ schemaVersion: 2, mediaType: type, config: own, layers: [], annotations: { at: `${at}` } })),
    ).flatMap((image) => [
      { mediaType: type, ...image },
      {
        mediaType: type,
        ...about,
        annotations: {
          "vnd.docker.reference.type": "attestation-manifest",
          "vnd.docker.reference.digest": image.digest,
        },
      },
    ]);
    const mediaType = "application/vnd.oci.image.index.v1+json";
    const root = { mediaType, ...put(JSON.stringify({ schemaVersion: 2, mediaType, manifests })) };
    const [found] = await images(
      { name: "oci-layout", content: "{}" },
      { name: "index.json", content: JSON.stringify({ schemaVersion: 2, manifests: [root] }) },
      ...[...blobs].map(([digest, content]) => ({ name: `blobs/sha256/${digest.slice(7)}`, content })),
    );
    const statements = (found?.images ?? []).map(({ attached }) => attached?.[0]?.blobs[1]?.bytes);
    expect([statements.length, statements[0]?.length]).toEqual([300, 100_000]);
    expect(new Set(statements).size).toBe(1);
  });
});

test("a folder is read in place, and its links must stay inside", () => {
  writeFileSync(join(folder, "secret"), "secret");
  const layout = join(folder, "layout");
  mkdirSync(layout);
  execFileSync("ln", ["-s", "index.json", join(layout, "inner")]);
  writeFileSync(join(layout, "index.json"), "{}");
  symlinkSync("../secret", join(layout, "outer"));
  const archive = openImageFolder(layout);
  expect(archive.find("inner")).toMatchObject({ size: 2 });
  expect(archive.find("none")).toBeUndefined();
  expect(() => archive.find("outer")).toThrow("leads outside");
});
