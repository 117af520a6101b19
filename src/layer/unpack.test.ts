import { execFileSync } from "node:child_process";
import {
  constants,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { getXattr, makeNode, setXattr } from "../base/syscalls.ts";
import { type EntryInit, overlayXattrs, privileged, scratch, tarOf, xzTar } from "./fixtures.ts";
import { extractTar, unpackLayer, type UnpackLayerOptions, writeLayer } from "./index.ts";

const owner = privileged ? "keep" : "squash";
const dir = (name: string, rest: Partial<EntryInit> = {}): EntryInit => ({ name, type: "dir", ...rest });
const file = (name: string, content = "x"): EntryInit => ({ name, content });
const whiteout = (name: string): EntryInit => ({ name });

async function unpacked(
  folder: { readonly path: string; sub(name: string): string },
  entries: readonly EntryInit[],
  rest: Partial<UnpackLayerOptions> = {},
): Promise<string> {
  const upper = folder.sub("upper");
  writeFileSync(`${folder.path}/layer`, tarOf(...entries));
  await unpackLayer({ source: `${folder.path}/layer`, upper, overlayXattrs, owner, ...rest });
  return upper;
}

const isOpaque = (path: string): boolean =>
  Buffer.from(getXattr(path, `${overlayXattrs}.overlay.opaque`) ?? []).toString() === "y";
const isWhiteout = (path: string): boolean => lstatSync(path).isCharacterDevice() && lstatSync(path).rdev === 0;

describe("unpackLayer", () => {
  test("makes whiteouts and opaque folders as overlayfs reads them", async () => {
    using folder = scratch();
    const upper = await unpacked(folder, [dir("d"), whiteout("d/.wh.gone"), dir("o"), whiteout("o/.wh..wh..opq")]);
    expect(isWhiteout(`${upper}/d/gone`)).toBe(true);
    expect(isOpaque(`${upper}/o`)).toBe(true);
    expect(isOpaque(`${upper}/d`)).toBe(false);
  });

  test.each<[string, readonly EntryInit[]]>([
    ["a whiteout, then the folder again", [whiteout(".wh.d"), dir("d"), file("d/new")]],
    ["the folder, then a whiteout", [dir("d"), file("d/new"), whiteout(".wh.d")]],
    ["a whiteout, then a file that implies the folder", [whiteout(".wh.d"), file("d/new")]],
  ])("hides only what is below: %s", async (_case, entries) => {
    using folder = scratch();
    const upper = await unpacked(folder, entries);
    expect(isOpaque(`${upper}/d`)).toBe(true);
    expect(readFileSync(`${upper}/d/new`, "utf8")).toBe("x");
  });

  test("makes no whiteouts where nothing is below: overlayfs would show them", async () => {
    using folder = scratch();
    const lower = [folder.sub("top"), folder.sub("bottom")];
    for (const path of ["top/d", "bottom/d", "bottom/hidden", "bottom/opaque"]) folder.sub(path);
    const files = ["d/file", "hidden/file", "opaque/file", "file"];
    for (const path of files) writeFileSync(`${folder.path}/bottom/${path}`, "");
    makeNode(`${folder.path}/top/hidden`, constants.S_IFCHR, 0, 0);
    symlinkSync("d", `${folder.path}/bottom/link`);
    const names = [
      ".wh.file",
      ".wh.nothing",
      "d/.wh.file",
      "d/.wh.nothing",
      "hidden/.wh.file",
      "new/.wh.file",
      "link/.wh.file",
    ];
    const entries = [...names, "opaque/.wh..wh..opq", "opaque/.wh.file"].map(whiteout);
    const upper = await unpacked(folder, entries, { lower });
    const left = readdirSync(upper, { recursive: true }).map(String).sort();
    expect(left).toEqual(["d", "d/file", "file", "hidden", "link", "new", "opaque"]);
  });

  test("keeps a file of the layer that a whiteout of the same layer names", async () => {
    using folder = scratch();
    const upper = await unpacked(folder, [file("a"), whiteout(".wh.a"), whiteout(".wh.b"), file("b")]);
    expect(readFileSync(`${upper}/a`, "utf8")).toBe("x");
    expect(readFileSync(`${upper}/b`, "utf8")).toBe("x");
  });

  test("passes over aufs' own notes and the root's own entry", async () => {
    using folder = scratch();
    const upper = await unpacked(folder, [
      dir("./", { mode: 0o1777 }),
      whiteout(".wh..wh.aufs"),
      dir(".wh..wh.plnk/"),
      file(".wh..wh.plnk/1.2"),
      file("./a"),
    ]);
    expect(statSync(upper).mode & 0o7777).not.toBe(0o1777);
    expect(execFileSync("ls", ["-A", upper]).toString()).toBe("a\n");
  });

  test("gives a folder that is only implied what it has in the layers below", async () => {
    using folder = scratch();
    const low = folder.sub("low");
    execFileSync("mkdir", ["-p", `${low}/tmp/sub`]);
    execFileSync("chmod", ["1777", `${low}/tmp`]);
    execFileSync("touch", ["-d", "@1500000000.5", `${low}/tmp`]);
    const upper = await unpacked(folder, [file("tmp/a"), file("new/a")], { lower: [folder.sub("top"), low] });
    const stats = lstatSync(`${upper}/tmp`, { bigint: true });
    expect(stats.mode & 0o7777n).toBe(0o1777n);
    expect(stats.mtimeNs).toBe(1_500_000_000_500_000_000n);
    expect(lstatSync(`${upper}/new`).mode & 0o7777).toBe(0o755);
  });

  test("gives a folder that is only implied nothing that a layer between hides, or that a link in a layer leads to", async () => {
    using folder = scratch();
    const [low, outside] = [folder.sub("low"), folder.sub("outside")];
    for (const path of [`${low}/file/sub`, `${low}/opaque/sub`, `${low}/link/sub`, `${outside}/sub`]) {
      execFileSync("mkdir", ["-p", "-m", "1777", path]);
    }
    const top = folder.sub("top");
    execFileSync("mkdir", [`${top}/opaque`]);
    setXattr(`${top}/opaque`, `${overlayXattrs}.overlay.opaque`, Buffer.from("y"));
    symlinkSync(outside, `${top}/link`);
    execFileSync("touch", [`${top}/file`]);
    const names = ["file", "opaque", "link"];
    const upper = await unpacked(
      folder,
      names.map((name) => file(`${name}/sub/a`)),
      { lower: [top, low] },
    );
    for (const name of names) expect(statSync(`${upper}/${name}/sub`).mode & 0o7777).toBe(0o755);
  });

  test("spells an opaque root out over what is below", async () => {
    using folder = scratch();
    const low = folder.sub("low");
    mkdirSync(`${low}/etc`);
    mkdirSync(`${low}/usr`);
    writeFileSync(`${low}/file`, "");
    const upper = await unpacked(folder, [whiteout(".wh..wh..opq"), dir("usr"), file("new")], { lower: [low] });
    expect(isWhiteout(`${upper}/etc`)).toBe(true);
    expect(isWhiteout(`${upper}/file`)).toBe(true);
    expect(isOpaque(`${upper}/usr`)).toBe(true);
    expect(readFileSync(`${upper}/new`, "utf8")).toBe("x");
  });

  test("takes the last of several entries of one name, of whatever type", async () => {
    using folder = scratch();
    const upper = await unpacked(folder, [
      file("a", "old"),
      file("a", "new"),
      dir("b"),
      file("b/x"),
      file("b", "file"),
      { name: "c", type: "symlink", linkname: "nowhere" },
      dir("c"),
    ]);
    expect(readFileSync(`${upper}/a`, "utf8")).toBe("new");
    expect(readFileSync(`${upper}/b`, "utf8")).toBe("file");
    expect(lstatSync(`${upper}/c`).isDirectory()).toBe(true);
  });
});

describe("extractTar", () => {
  async function extracted(
    folder: { readonly path: string },
    entries: readonly EntryInit[],
    keepFolders = false,
  ): Promise<void> {
    writeFileSync(`${folder.path}/archive`, tarOf(...entries));
    await extractTar({ source: `${folder.path}/archive`, into: `${folder.path}/root`, owner, keepFolders });
  }

  test("keeps a symlink to a folder where the archive has a folder (merged /usr)", async () => {
    using folder = scratch();
    const root = folder.sub("root");
    execFileSync("mkdir", ["-p", `${root}/usr/lib`]);
    symlinkSync("usr/lib", `${root}/lib`);
    symlinkSync("/usr/lib", `${root}/lib64`);
    symlinkSync("nowhere", `${root}/dangling`);
    await extracted(folder, [
      dir("./lib/"),
      file("./lib/a"),
      dir("./lib64/"),
      file("./lib64/b"),
      dir("dangling"),
      file("dangling/c"),
    ]);
    expect(readlinkSync(`${root}/lib`)).toBe("usr/lib");
    expect(readlinkSync(`${root}/lib64`)).toBe("/usr/lib");
    expect(readFileSync(`${root}/usr/lib/a`, "utf8")).toBe("x");
    expect(readFileSync(`${root}/usr/lib/b`, "utf8")).toBe("x");
    expect(lstatSync(`${root}/dangling`).isDirectory()).toBe(true);
  });

  test.each([
    [false, 0o700],
    [true, 0o755],
  ])("with keepFolders %s a folder that was there has mode %o after", async (keepFolders, mode) => {
    using folder = scratch();
    const root = folder.sub("root");
    mkdirSync(`${root}/d`);
    execFileSync("chmod", ["755", `${root}/d`]);
    await extracted(folder, [dir("d", { mode: 0o700 }), file("d/a"), dir("n", { mode: 0o700 })], keepFolders);
    expect(statSync(`${root}/d`).mode & 0o7777).toBe(mode);
    expect(statSync(`${root}/n`).mode & 0o7777).toBe(0o700);
  });

  test("keeps modes with setuid, times to the nanosecond, hard links and names of whiteouts", async () => {
    using folder = scratch();
    const root = folder.sub("root");
    const mtimeNs = 1_234_567_890_123_456_789n;
    await extracted(folder, [
      dir("d", { mtimeNs, mode: 0o2755 }),
      { name: "d/su", mode: 0o4755, mtimeNs, content: "x" },
      { name: "d/again", type: "link", linkname: "./d/su" },
      { name: "d/ln", type: "symlink", linkname: "su", mtimeNs },
      file(".wh.file"),
    ]);
    for (const name of ["d", "d/su", "d/ln"]) {
      expect(lstatSync(`${root}/${name}`, { bigint: true }).mtimeNs).toBe(mtimeNs);
    }
    expect(statSync(`${root}/d/su`).mode & 0o7777).toBe(0o4755);
    expect(statSync(`${root}/d`).mode & 0o7777).toBe(0o2755);
    expect(statSync(`${root}/d/again`).ino).toBe(statSync(`${root}/d/su`).ino);
    expect(readFileSync(`${root}/.wh.file`, "utf8")).toBe("x");
  });

  test.each(["--format=gnu", "--format=posix", "--format=ustar", "--format=v7", "--format=oldgnu"])(
    "reads what GNU tar writes with %s",
    async (format) => {
      using folder = scratch();
      const from = folder.sub("from");
      const short = /ustar|v7/.test(format);
      const name = short ? "n".repeat(90) : "n".repeat(200);
      writeFileSync(`${from}/${name}`, "content");
      symlinkSync(short ? "t" : "t".repeat(300), `${from}/link`);
      execFileSync("ln", [`${from}/${name}`, `${from}/other`]);
      mkdirSync(`${from}/d`);
      writeFileSync(`${from}/d/ä`, "umlaut");
      execFileSync("touch", [
        "-h",
        "-d",
        "@1600000000",
        `${from}/${name}`,
        `${from}/link`,
        `${from}/d/ä`,
        `${from}/d`,
        from,
      ]);
      execFileSync("tar", ["-C", from, "-cf", `${folder.path}/archive`, format, "."]);
      folder.sub("root");
      await extractTar({ source: `${folder.path}/archive`, into: `${folder.path}/root`, owner });
      const digest = async (upper: string): Promise<string> =>
        (await writeLayer({ upper, overlayXattrs: "none", compression: "none" })).diffId;
      expect(await digest(`${folder.path}/root`)).toBe(await digest(from));
    },
  );

  const oneFile = tarOf({ name: "file", content: "content ".repeat(300_000) });
  test.each<[string, Buffer]>([
    ["gzip", gzipSync(oneFile)],
    ["zstd", zstdCompressSync(oneFile)],
    ["xz", xzTar],
  ])("reads %s by itself, from a part of a file as well", async (_kind, bytes) => {
    using folder = scratch();
    writeFileSync(`${folder.path}/a`, bytes);
    writeFileSync(`${folder.path}/wrapped`, Buffer.concat([Buffer.alloc(77, 1), bytes, Buffer.alloc(99, 2)]));
    for (const source of [`${folder.path}/a`, { file: `${folder.path}/wrapped`, offset: 77, length: bytes.length }]) {
      const into = folder.sub(`into-${typeof source}`);
      const { fileBytes } = await extractTar({ source, into, owner: "squash" });
      expect(fileBytes).toBe(2_400_000);
      expect(readFileSync(`${into}/file`, "utf8")).toBe("content ".repeat(300_000));
    }
  });

  test.runIf(privileged)("as root gives files to the owner asked for", async () => {
    using folder = scratch();
    const into = folder.sub("root");
    writeFileSync(`${folder.path}/a`, tarOf(dir("d", { uid: 7, gid: 8 }), { name: "d/f", uid: 9, gid: 10 }));
    const owners = (): unknown =>
      ["d", "d/f"].map((name) => [statSync(`${into}/${name}`).uid, statSync(`${into}/${name}`).gid]);
    await extractTar({ source: `${folder.path}/a`, into, owner: "keep" });
    expect(owners()).toEqual([
      [7, 8],
      [9, 10],
    ]);
    await extractTar({ source: `${folder.path}/a`, into, owner: { uid: 1, gid: 2 } });
    expect(owners()).toEqual([
      [1, 2],
      [1, 2],
    ]);
  });
});
