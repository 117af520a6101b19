import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { getXattr } from "../base/syscalls.ts";
import { type EntryInit, overlayXattrs, privileged, scratch, tarEntry, tarOf } from "./fixtures.ts";
import { type ArchiveLimits, extractTar, unpackLayer, type Unpacked } from "./index.ts";

const owner = privileged ? "keep" : "squash";
const link = (name: string, linkname: string): EntryInit => ({ name, linkname, type: "link" });
const symlink = (name: string, linkname: string): EntryInit => ({ name, linkname, type: "symlink" });
const dir = (name: string): EntryInit => ({ name, type: "dir" });
const evil = (name: string): EntryInit => ({ name, content: "evil" });

/** A folder to unpack into with a file beside it that must stay as it is. */
function trap(): ReturnType<typeof scratch> & { readonly into: string; readonly outside: string } {
  const folder = scratch();
  const into = folder.sub("into");
  const outside = folder.sub("outside");
  writeFileSync(`${outside}/file`, "good");
  return Object.assign(folder, { into, outside });
}

function untouched(outside: string): boolean {
  return readdirSync(outside).join() === "file" && readFileSync(`${outside}/file`, "utf8") === "good";
}

type Unpack = (bytes: Buffer, into: string, limits?: Partial<ArchiveLimits>) => Promise<Unpacked>;
/** By way of a file beside: threads that read files are shared, which is faster than one a stream. */
function file(bytes: Buffer, into: string): string {
  writeFileSync(`${into}.tar`, bytes);
  return `${into}.tar`;
}
const asLayer: Unpack = (bytes, upper, limits) =>
  unpackLayer({ source: file(bytes, upper), upper, overlayXattrs, owner, limits });
const asFiles: Unpack = (bytes, into, limits) => extractTar({ source: file(bytes, into), into, owner, limits });
const invalid = { code: "SLIP_LAYER_INVALID" };

describe.each<[string, Unpack]>([
  ["unpackLayer", asLayer],
  ["extractTar", asFiles],
])("%s", (_name, unpack) => {
  test.each<[string, readonly EntryInit[]]>([
    ["a name with ..", [evil("../outside/file")]],
    ["a name with .. in the middle", [dir("a"), evil("a/../../outside/file")]],
    ["an absolute name with ..", [evil("/../outside/file")]],
    ["a hard link to outside by ..", [link("a", "../outside/file"), evil("a")]],
    ["a hard link to something that is not there", [link("a", "nothing")]],
    ["a hard link to a folder", [dir("d"), link("a", "d")]],
    ["a hard link to the root", [link("a", "/")]],
    ["a file that is the root", [evil("./")]],
    ["a symlink that is the root", [symlink("/", "../outside")]],
    ["an entry below a file", [evil("a"), evil("a/b")]],
    ["an entry below a fifo", [{ name: "a", type: "fifo" }, evil("a/b")]],
    ["links that go in circles", [symlink("a", "b"), symlink("b", "a"), evil("a/x")]],
    ["a link to itself", [symlink("a", "a"), evil("a/x")]],
    ["a symlink to nowhere at all", [symlink("a", "")]],
    ["the device 0:0", [{ name: "a", type: "char" }]],
    ["a device number out of range", [{ name: "a", type: "block", devMajor: 0o177777 }]],
    ["a name longer than the limit", [evil("a/".repeat(2500))]],
    ["a part of a name that no file system takes", [evil("n".repeat(300))]],
    ["a name deeper than the limit", [evil("a/".repeat(600) + "a")]],
    ["a NUL in a name", [evil("a".repeat(200).replace("a", "\0"))]],
    ["an attribute that the kernel refuses", [{ name: "a", xattrs: new Map([["user.x", "x".repeat(70_000)]]) }]],
    ["such an attribute of a folder", [{ ...dir("a"), xattrs: new Map([["user." + "n".repeat(300), "x"]]) }]],
    ["an owner that means no owner", [{ name: "a", uid: 0xffff_ffff }]],
  ])("refuses %s", async (_case, entries) => {
    using place = trap();
    await expect(unpack(tarOf(...entries), place.into)).rejects.toMatchObject(invalid);
    expect(untouched(place.outside)).toBe(true);
  });

  test.each<[string, (outside: string) => readonly EntryInit[]]>([
    ["an absolute name", (outside) => [evil(`${outside}/file`)]],
    ["an absolute symlink as folder", (outside) => [symlink("a", outside), evil("a/file")]],
    ["a relative symlink as folder", () => [symlink("a", "../outside"), evil("a/file")]],
    ["a symlink through many ..", () => [dir("d"), symlink("d/a", "../../../../../../../../../tmp"), evil("d/a/file")]],
    ["a symlink to a symlink", (outside) => [symlink("b", outside), symlink("a", "b"), evil("a/file")]],
    ["a symlink in the file's place", (outside) => [symlink("a", `${outside}/file`), evil("a")]],
    ["a symlink that takes an empty folder's place", (outside) => [dir("a"), symlink("a", outside), evil("a/file")]],
    [
      "a folder that was written into, emptied and replaced",
      (outside) => [dir("a"), dir("a/b"), symlink("a/b", outside), evil("a/b/file")],
    ],
    ["a folder entry on a symlink", (outside) => [symlink("a", outside), { ...dir("a"), mode: 0o777 }, evil("a/file")]],
    ["a hard link to a symlink", (outside) => [symlink("a", `${outside}/file`), link("b", "a"), evil("b")]],
    [
      "a hard link over a symlink",
      (outside) => [evil("x"), symlink("a", `${outside}/file`), link("a", "x"), evil("a")],
    ],
    ["a fifo in the file's place", () => [{ name: "a", type: "fifo" }, evil("a")]],
  ])("keeps inside: %s", async (_case, entries) => {
    using place = trap();
    await unpack(tarOf(...entries(place.outside)), place.into);
    expect(untouched(place.outside)).toBe(true);
    expect(existsSync("/tmp/file")).toBe(false);
  });

  test("does not write through a hard link of its own", async () => {
    using place = trap();
    await unpack(tarOf({ name: "a", content: "first" }, link("b", "a"), { name: "b", content: "second" }), place.into);
    expect(readFileSync(`${place.into}/a`, "utf8")).toBe("first");
    expect(readFileSync(`${place.into}/b`, "utf8")).toBe("second");
  });

  test("sets no attribute that overlayfs or the kernel's security would believe", async () => {
    using place = trap();
    const xattrs = new Map([
      ["trusted.overlay.redirect", "/etc"],
      ["user.overlay.opaque", "y"],
      ["trusted.overlay.opaque", "y"],
      ["security.selinux", "x"],
      ["user.good", "yes"],
    ]);
    await unpack(tarOf({ ...dir("d"), xattrs }), place.into);
    for (const name of [...xattrs.keys()].slice(0, 4)) expect(getXattr(`${place.into}/d`, name)).toBeUndefined();
    expect(Buffer.from(getXattr(`${place.into}/d`, "user.good") ?? []).toString()).toBe("yes");
  });

  test.each<[string, Partial<ArchiveLimits>, readonly EntryInit[]]>([
    ["entries", { entries: 3 }, [evil("a"), evil("b"), evil("c"), evil("d")]],
    ["bytes", { bytes: 10_000 }, [{ name: "a", content: "x".repeat(20_000) }]],
    ["depth", { depth: 2 }, [evil("a/b/c")]],
    ["path length", { pathLength: 10 }, [evil("eleven/long")]],
  ])("stops at the limit of %s", async (_case, limits, entries) => {
    using place = trap();
    await expect(unpack(tarOf(...entries), place.into, limits)).rejects.toMatchObject(invalid);
    await unpack(tarOf(evil("ok")), place.into, limits);
  });

  test("stops a bomb long before it is all unpacked", async () => {
    using place = trap();
    const bomb = gzipSync(tarOf({ name: "zero", content: "\0".repeat(64 << 20) }));
    expect(bomb.length).toBeLessThan(100_000);
    await expect(unpack(bomb, place.into, { bytes: 1 << 20 })).rejects.toMatchObject(invalid);
    expect(lstatSync(`${place.into}/zero`).size).toBeLessThan(4 << 20);
  });

  test.each([
    ["gzip", gzipSync],
    ["zstd", zstdCompressSync],
  ])("stops %s that unpacks to many times its size, where that is much", async (_kind, compress) => {
    using place = trap();
    const limits = { freely: 4 << 20, expansion: 200 };
    const bomb = compress(tarOf({ name: "zero", content: "\0".repeat(32 << 20) }));
    await expect(unpack(bomb, place.into, limits)).rejects.toMatchObject({
      ...invalid,
      message: expect.stringContaining("200 times its size"),
    });
    await unpack(compress(tarOf({ name: "zero", content: "\0".repeat(3 << 20) })), place.into, limits);
  });

  test("refuses an archive cut anywhere", async () => {
    const whole = tarOf(dir("d"), { name: `d/${"n".repeat(150)}`, content: "x".repeat(700) }, evil("e"));
    const entryEnds = new Set([0, 512, 512 + 3 * 512 + 1024, whole.length - 1024]);
    for (let at = 1; at < whole.length - 1024; at += at % 512 === 0 ? 1 : 73) {
      if (entryEnds.has(at)) continue;
      using place = trap();
      await expect(unpack(whole.subarray(0, at), place.into)).rejects.toMatchObject(invalid);
    }
  }, 30_000);

  test.each<[string, (tar: Buffer) => Buffer]>([
    ["a wrong checksum", (tar) => corrupt(tar, 0, 65)],
    ["a size that is no number", (tar) => resum(corrupt(tar, 124, 57))],
    ["a negative size", (tar) => resum(fill(tar, 124, 136, 0xff))],
    ["a size beyond all numbers", (tar) => resum(fill(tar, 124, 136, 0xbf))],
    ["the device 0:0 in negative numbers", (tar) => resum(device(tar, -0x1000n, -0x100000n))],
    ["an unknown type", (tar) => resum(corrupt(tar, 156, 90))],
    ["a sparse file", (tar) => resum(corrupt(tar, 156, 83))],
    ["something after the end mark", (tar) => Buffer.concat([Buffer.alloc(512), tar])],
    ["no tar at all", () => Buffer.from("hello world".repeat(1000))],
    ["gzip of no tar", () => gzipSync(Buffer.from("hello world".repeat(1000)))],
    ["a cut gzip", (tar) => gzipSync(tar).subarray(0, -12)],
    ["a damaged gzip", (tar) => corrupt(gzipSync(tar), 30, 0)],
    ["a PAX record with a wrong length", () => rawPax("99 path=x\n")],
    ["a PAX record without an end", () => rawPax("9 path=xx")],
    ["a PAX record with a huge length", () => rawPax("99999999999999999999 path=x\n")],
    ["a PAX time that is no number", () => rawPax("11 mtime=x\n")],
    ["a PAX size that is no number", () => rawPax("11 size=-1\n")],
    ["a PAX sparse file", () => rawPax("22 GNU.sparse.major=1\n")],
    ["a PAX header and nothing after it", () => rawPax("9 path=x\n", false)],
    ["an extended header of a gigabyte", () => resum(octalSize(tarEntry({ name: "x" }), "x", 1 << 30))],
  ])("refuses %s", async (_case, make) => {
    using place = trap();
    await expect(unpack(make(tarOf(evil("file"))), place.into)).rejects.toMatchObject(invalid);
  });
});

describe("unpackLayer", () => {
  test.each<[string, readonly EntryInit[]]>([
    ["a whiteout of nothing", [evil(".wh.")]],
    ["a whiteout of .", [evil(".wh..")]],
    ["a whiteout of ..", [dir("d"), evil("d/.wh...")]],
    ["a whiteout that is a folder", [dir(".wh.x")]],
    ["a whiteout that is a symlink", [symlink(".wh.x", "/etc")]],
    ["an entry in a whiteout", [evil(".wh.d/x")]],
    ["a hard link to a whiteout", [evil(".wh.a"), link("b", "a")]],
  ])("refuses %s", async (_case, entries) => {
    using place = trap();
    await expect(asLayer(tarOf(...entries), place.into)).rejects.toMatchObject(invalid);
    expect(untouched(place.outside)).toBe(true);
  });

  test("keeps inside: a symlink that takes a full folder's place", async () => {
    using place = trap();
    await asLayer(tarOf(dir("a"), evil("a/x"), symlink("a", place.outside), evil("a/file")), place.into);
    expect(untouched(place.outside)).toBe(true);
    expect(readlinkSync(`${place.into}/a`)).toBe(place.outside);
  });

  test("makes whiteouts below a symlink of the layer inside the folder", async () => {
    using place = trap();
    await asLayer(tarOf(symlink("a", place.outside), evil("a/.wh.file"), evil("a/.wh..wh..opq")), place.into);
    expect(untouched(place.outside)).toBe(true);
  });
});

describe("extractTar", () => {
  test("does not follow links that were there before out of the root", async () => {
    using place = trap();
    symlinkSync(place.outside, `${place.into}/abs`);
    symlinkSync("../outside", `${place.into}/rel`);
    await asFiles(tarOf(evil("abs/file"), evil("rel/file"), evil("rel/new")), place.into);
    expect(untouched(place.outside)).toBe(true);
    expect(readlinkSync(`${place.into}/abs`)).toBe(place.outside);
  });

  test("does not empty a folder to put a file there", async () => {
    using place = trap();
    mkdirSync(`${place.into}/etc`);
    writeFileSync(`${place.into}/etc/passwd`, "root");
    await expect(asFiles(tarOf(evil("etc")), place.into)).rejects.toMatchObject(invalid);
    await expect(asFiles(tarOf(symlink("etc", "/")), place.into)).rejects.toMatchObject(invalid);
    expect(readFileSync(`${place.into}/etc/passwd`, "utf8")).toBe("root");
  });
});

function corrupt(bytes: Buffer, at: number, value: number): Buffer {
  return fill(bytes, at, at + 1, value);
}

function fill(bytes: Buffer, from: number, to: number, value: number): Buffer {
  return Buffer.from(bytes).fill(value, from, to);
}

/** The first header with the checksum that it now has. */
function resum(tar: Buffer): Buffer {
  tar.write("        ", 148, "latin1");
  const sum = tar.subarray(0, 512).reduce((total, byte) => total + byte, 0);
  tar.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
  return tar;
}

/** The first header as that of a character device, its numbers in base 256. */
function device(tar: Buffer, major: bigint, minor: bigint): Buffer {
  tar.write("3", 156, "latin1");
  tar.writeBigInt64BE(major, 329);
  tar.writeBigInt64BE(minor, 337);
  return tar;
}

function octalSize(tar: Buffer, flag: string, size: number): Buffer {
  tar.write(size.toString(8).padStart(11, "0"), 124, "latin1");
  tar.write(flag, 156, "latin1");
  return tar;
}

/** An extended header with this body, and an ordinary entry after it. */
function rawPax(body: string, entry = true): Buffer {
  const header = tarEntry({ name: "PaxHeaders.0/x", content: body });
  resum(octalSize(header, "x", body.length));
  return Buffer.concat([header, entry ? tarEntry({ name: "x" }) : Buffer.alloc(0), Buffer.alloc(1024)]);
}
