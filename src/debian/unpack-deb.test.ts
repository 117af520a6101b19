import { createHash } from "node:crypto";
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type EntryInit, tarOf } from "../layer/fixtures.ts";
import { readAr } from "./ar.ts";
import type { DebContents } from "./read-deb.ts";
import { unpackDeb, type UnpackDebJob } from "./unpack-deb.ts";
import { ar, makeDeb } from "../../test/support/fake-archive.ts";
import { tempFolder } from "../../test/support/store-lab.ts";

const md5 = (text: string): string => createHash("md5").update(text).digest("hex");

/** Unpacks into a folder, with nothing kept. */
async function read(deb: Buffer, more: Partial<UnpackDebJob> = {}): Promise<{ contents: DebContents; root: string }> {
  const folder = tempFolder();
  const root = join(folder, "root");
  mkdirSync(root);
  writeFileSync(`${folder}/x.deb`, deb);
  const expected = { name: "hello", version: "1", architecture: "amd64" };
  const contents = await unpackDeb({ deb: `${folder}/x.deb`, expected, into: root, owner: "squash", ...more });
  return { contents, root };
}

test.each(["xz", "gz", "zst", "none"] as const)("reads a package compressed with %s", async (compression) => {
  const deb = await makeDeb({
    control: {
      control: "Package: hello\nVersion: 1\n",
      conffiles: "/etc/hello.conf\nremove-on-upgrade /etc/old\n",
      postinst: "#!/bin/sh\nexit 0\n",
    },
    data: {
      "usr/bin/hello": "#!/bin/sh\necho hello\n",
      "etc/hello.conf": "x=1\n",
      "usr/share/big": "y".repeat(200_000),
    },
    compression,
  });
  const { contents, root } = await read(deb);
  expect(contents.control).toBe("Package: hello\nVersion: 1\nArchitecture: amd64\n");
  expect(contents.controlFiles.map((file) => [file.name, file.mode & 0o777])).toEqual([
    ["conffiles", 0o644],
    ["postinst", 0o755],
  ]);
  expect(contents.paths).toEqual([
    "/etc",
    "/etc/hello.conf",
    "/usr",
    "/usr/bin",
    "/usr/bin/hello",
    "/usr/share",
    "/usr/share/big",
  ]);
  expect(contents.folders.map((folder) => folder.path)).toEqual(["/etc", "/usr", "/usr/bin", "/usr/share"]);
  expect(contents.conffiles).toEqual([["/etc/hello.conf", md5("x=1\n")]]);
  expect(readdirSync(root, { recursive: true })).toHaveLength(contents.paths.length);
  expect(readFileSync(join(root, "usr/share/big"), "utf8")).toBe("y".repeat(200_000));
});

describe("a malformed package is refused", () => {
  const parts: [string, Buffer][] = [
    ["debian-binary", Buffer.from("2.0\n")],
    ["control.tar", Buffer.alloc(1024)],
    ["data.tar", Buffer.alloc(1024)],
  ];
  test.each([
    ["no archive", Buffer.from("hello, world"), "it is no ar archive"],
    ["no data", ar(parts.slice(0, 2)), "it has no data.tar"],
    ["not a package", ar(parts.slice(1)), "it has no control.tar"],
    ["no control file", ar(parts), "it has no control file"],
    ["cut off", ar(parts).subarray(0, -600), "it is cut off"],
    ["a damaged header", Buffer.from(ar(parts).toString("latin1").replace("`\n", "xx"), "latin1"), "header is damaged"],
    [
      "an unknown compression",
      ar([...parts.slice(0, 1), ["control.tar.rar", Buffer.alloc(8)], ...parts.slice(2)]),
      "compression is not known",
    ],
  ])("%s", async (_what, deb, message) => {
    await expect(read(deb)).rejects.toThrow(message);
  });

  test("one with damaged xz data", async () => {
    const deb = await makeDeb({
      control: { control: "Package: hello\nVersion: 1\n" },
      data: { a: "b" },
      compression: "xz",
    });
    await expect(read(deb.subarray(0, -40))).rejects.toThrow("it is cut off");
    const data = readArMember(deb, "data.tar.xz");
    const changed = Buffer.from(deb);
    changed.fill(0xff, data.offset + 12, data.offset + 40);
    await expect(read(changed)).rejects.toThrow("its data are damaged");
  });
});

test.each([
  ["another name", "Package: hell\nVersion: 1\n", 'its own Package is "hell", the signed index says "hello"'],
  ["another version", "Package: hello\nVersion: 0.9\n", 'its own Version is "0.9", the signed index says "1"'],
  ["no version", "Package: hello\nVersion:\n", 'its own Version is "", the signed index says "1"'],
  ["another architecture", "Package: hello\nVersion: 1\nArchitecture: arm64\n", 'its own Architecture is "arm64"'],
])("a package of %s than the index says is refused", async (_what, control, message) => {
  const deb = await makeDeb({ control: { control }, data: { "usr/bin/hello": "x" } });
  const root = join(tempFolder(), "other");
  mkdirSync(root);
  await expect(read(deb, { into: root })).rejects.toMatchObject({
    code: "SLIP_VERIFY",
    message: expect.stringContaining(message) as unknown,
    hint: expect.stringContaining("--debian-mirror") as unknown,
  });
  expect(readdirSync(root)).toEqual([]);
});

describe("a package that is made to do harm", () => {
  const link = (name: string, linkname: string): EntryInit => ({ name, type: "symlink", linkname });
  const deb = (...entries: readonly EntryInit[]): Promise<Buffer> =>
    makeDeb({ control: { control: "Package: hello\nVersion: 1\n" }, data: tarOf(...entries) });

  test.each<[string, readonly EntryInit[], string]>([
    ["a name with ..", [{ name: "./../evil", content: "x" }], '"./../evil" has a ".." in it'],
    ["a hard link to what is outside", [{ name: "a", type: "link", linkname: "../evil" }], 'has a ".." in it'],
    [
      "a hard link to what is not there",
      [{ name: "a", type: "link", linkname: "/etc/passwd" }],
      "does not have before it",
    ],
    ["a device", [{ name: "dev/sda", type: "block", devMajor: 8, devMinor: 0 }], "it has the device /dev/sda"],
    [
      "a device for characters",
      [{ name: "dev/null", type: "char", devMajor: 1, devMinor: 3 }],
      "it has the device /dev/null",
    ],
    ["a fifo", [{ name: "run/pipe", type: "fifo" }], "it has the device /run/pipe"],
    ["a tar that is cut off", [], "it ends in the middle of an entry"],
  ])("is refused with its name: %s", async (_what, entries, message) => {
    const bytes =
      entries.length > 0
        ? await deb(...entries)
        : await makeDeb({
            control: { control: "Package: hello\nVersion: 1\n" },
            data: tarOf({ name: "a", content: "x".repeat(4000) }).subarray(0, 1024),
          });
    const error = await read(bytes).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: "SLIP_VERIFY", message: expect.stringContaining(message) as unknown });
    expect((error as Error).message).toMatch(/^Cannot unpack the package hello 1: /);
  });

  test("reaches nothing outside of the root, whatever its links say", async () => {
    const outside = tempFolder();
    writeFileSync(join(outside, "kept"), "kept");
    const { root } = await read(
      await deb(
        link("up", "../../../.."),
        link("out", outside),
        link("file", `${outside}/kept`),
        { name: "/absolute", content: "x" },
        { name: `up${outside}/new`, content: "x" },
        { name: "out/new", content: "x" },
        { name: "out/kept", content: "x" },
        { name: "file", content: "x" },
      ),
    );
    expect(readdirSync(outside)).toEqual(["kept"]);
    expect(readFileSync(join(outside, "kept"), "utf8")).toBe("kept");
    expect(lstatSync(join(root, "file")).isFile()).toBe(true);
    expect(readFileSync(join(root, "absolute"), "utf8")).toBe("x");
  });
});

describe("some paths of a package", () => {
  const many = Array.from({ length: 40 }, (_, at) => ({ name: `./usr/other/${at}`, content: `${at}`.repeat(200_000) }));
  const deb = async (): Promise<Buffer> =>
    makeDeb({
      control: { control: "Package: hello\nVersion: 1\n", conffiles: "/etc/hello.conf\n" },
      data: tarOf(
        { name: "./usr/shared", content: "shared", mode: 0o600 },
        { name: "./usr/before", content: "b".repeat(700_000) },
        ...many,
        { name: "./usr/wanted/", type: "dir", mode: 0o711 },
        { name: "./usr/wanted/link", type: "symlink", linkname: "../shared" },
        { name: "./usr/wanted/hard", type: "link", linkname: "./usr/before" },
        { name: `./usr/wanted/${"long".repeat(40)}`, content: "long" },
        { name: "./etc/hello.conf", content: "x=1\n" },
      ),
      compression: "gz",
    });
  const only = ["/usr/wanted"];

  test.each([false, true])("are unpacked with what they need and nothing else (kept: %s)", async (keep) => {
    const kept = keep ? join(tempFolder(), "kept") : undefined;
    const bytes = await deb();
    const expected = ["usr", "usr/before", "usr/shared", "usr/wanted", "usr/wanted/hard", "usr/wanted/link"];
    const all = await read(bytes);
    for (const source of keep ? [bytes, Buffer.from("no package")] : [bytes]) {
      const { root, contents } = await read(source, { only, kept });
      const found = readdirSync(root, { recursive: true, encoding: "utf8" }).sort();
      expect(found).toEqual([...expected, `usr/wanted/${"long".repeat(40)}`]);
      for (const path of found.filter((name) => name !== "usr")) {
        const [one, other] = [lstatSync(join(root, path)), lstatSync(join(all.root, path))];
        expect([path, one.mode, one.mtimeMs, one.nlink]).toEqual([path, other.mode, other.mtimeMs, other.nlink]);
        if (one.isFile()) expect(readFileSync(join(root, path))).toEqual(readFileSync(join(all.root, path)));
      }
      expect(contents).toEqual({
        ...all.contents,
        paths: all.contents.paths.filter((path) => found.includes(path.slice(1))),
        folders: all.contents.folders.filter(({ path }) => found.includes(path.slice(1))),
        conffiles: [],
      });
    }
    if (kept === undefined) return;
    // All of it still comes out of what was kept.
    const whole = await read(Buffer.from("no package"), { kept });
    expect(whole.contents).toEqual(all.contents);
    // Damage where nothing is wanted does no harm; where something is, the package is read again.
    const good = readFileSync(kept);
    const places = [Math.floor(good.length / 2), 300, good.length - 20];
    for (const place of places) {
      writeFileSync(kept, Buffer.from(good).fill(good.readUInt8(place) ^ 1, place, place + 1));
      const { root } = await read(bytes, { only, kept });
      expect(readFileSync(join(root, "usr/wanted/link"), "utf8")).toBe("shared");
    }
  });

  test.each<[string, EntryInit, string]>([
    ["a device among the others", { name: "dev/sda", type: "block", devMajor: 8, devMinor: 0 }, "it has the device"],
    ["a name that leads out of what is wanted", { name: "./usr/wanted/../../x", content: "x" }, 'has a ".." in it'],
    [
      "a hard link to what is outside",
      { name: "./usr/wanted/x", type: "link", linkname: "../../etc/passwd" },
      'has a ".." in it',
    ],
  ])("are not unpacked of a package that has %s", async (_what, entry, message) => {
    const bytes = await makeDeb({
      control: { control: "Package: hello\nVersion: 1\n" },
      data: tarOf({ name: "./usr/wanted/file", content: "x" }, entry),
    });
    await expect(read(bytes, { only })).rejects.toMatchObject({
      code: "SLIP_VERIFY",
      message: expect.stringContaining(message) as unknown,
    });
  });
});

describe("a package that is kept as it was unpacked", () => {
  const files = { "usr/bin/hello": "#!/bin/sh\n", "usr/share/big": "y".repeat(9_000_000), "etc/conf": "a=1\n" };
  const tree = (root: string): readonly string[] =>
    readdirSync(root, { recursive: true, encoding: "utf8" })
      .sort()
      .map((path) => {
        const { mode, mtimeMs, size } = lstatSync(join(root, path));
        return `${path} ${mode} ${mtimeMs} ${size}`;
      });

  test("gives the same files without its .deb; damaged it is made again from it", async () => {
    const kept = join(tempFolder(), "kept");
    const deb = await makeDeb({
      control: { control: "Package: hello\nVersion: 1\n", conffiles: "/etc/conf\n", postinst: "#!/bin/sh\n" },
      data: files,
    });
    const first = await read(deb, { kept });
    const again = await read(Buffer.from("no package"), { kept });
    expect(again.contents).toEqual(first.contents);
    expect(tree(again.root)).toEqual(tree(first.root));

    const whole = readFileSync(kept);
    for (const damage of [
      () => truncateSync(kept, whole.length - 4),
      () => truncateSync(kept, Math.floor(whole.length / 2)),
      () => truncateSync(kept, 3),
      () => writeFileSync(kept, Buffer.from(whole).fill(0x55, whole.length - 200, whole.length - 100)),
    ]) {
      damage();
      const mended = await read(deb, { kept });
      expect(mended.contents).toEqual(first.contents);
      expect(tree(mended.root)).toEqual(tree(first.root));
      expect(readFileSync(kept).equals(whole)).toBe(true);
    }
  });

  test("is not kept when something is wrong with it", async () => {
    const folder = tempFolder();
    const deb = await makeDeb({ control: { control: "Package: hell\n" }, data: files });
    await expect(read(deb, { kept: join(folder, "kept") })).rejects.toThrow("its own Package");
    await expect(read(Buffer.from("no package"), { kept: join(folder, "kept") })).rejects.toThrow("no ar archive");
    expect(existsSync(join(folder, "kept"))).toBe(false);
    expect(readdirSync(folder)).toEqual([]);
  });
});

function readArMember(deb: Buffer, name: string): { readonly offset: number } {
  const file = `${tempFolder()}/x.deb`;
  writeFileSync(file, deb);
  const found = readAr(file).find((member) => member.name === name);
  if (!found) throw new Error("no such member");
  return found;
}
