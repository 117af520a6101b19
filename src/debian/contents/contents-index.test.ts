import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { FakeArchive, options, sha256Hex } from "../../../test/support/fake-archive.ts";
import { Contents, ContentsReader } from "./contents-index.ts";
import { openContents } from "./open-contents.ts";

const lines = `bin/dash                                       shells/dash
lib/x86_64-linux-gnu/libc.so.6                 libs/libc6
usr/bin/perl                                   perl/perl-base
usr/lib/x86_64-linux-gnu/libssl.so.3           libs/libssl3t64
usr/lib/x86_64-linux-gnu/libz.so.1             libdevel/lib32z1-dev,libs/zlib1g
usr/lib/x86_64-linux-gnu/private/libx.so.1     libs/x
usr/lib/libjvm.so                              java/jre
usr/share/doc/bin/perl                         doc/perl-doc
usr/sbin/nginx                                 httpd/nginx,httpd/nginx-core
etc/ld.so.conf                                 libs/libc6
`;

/** Read in pieces, which end anywhere. */
function read(text: string, size: number): string {
  const reader = new ContentsReader();
  for (let at = 0; at < text.length; at += size) reader.add(text.slice(at, at + size));
  return reader.end();
}

test("libraries where loaders look, and programs in PATH, are kept with their packages, however the file is cut", () => {
  const text = read(lines, 1000);
  for (const size of [1, 7, 64]) expect(read(lines, size)).toBe(text);
  const contents = new Contents(text);
  expect(contents.library("libc.so.6")).toEqual(["libc6"]);
  expect(contents.library("libz.so.1")).toEqual(["zlib1g", "lib32z1-dev"]);
  expect(contents.library("libx.so.1")).toEqual([]);
  expect(contents.library("libc.so")).toEqual([]);
  expect(contents.library("bin/perl")).toEqual(["perl-base"]);
  expect(contents.program("perl")).toEqual(["perl-base"]);
  expect(contents.program("nginx")).toEqual(["nginx", "nginx-core"]);
  expect(contents.library("a\nb")).toEqual([]);
});

test("a text of another format is none", () => {
  expect(() => new Contents("")).toThrow("not a contents index");
  expect(() => new Contents("slipway-contents 1\nlibc.so.6\tlibc6")).toThrow("not a contents index");
});

test("it comes from the signed archive, once, and what was tampered with is refused", async () => {
  const archive = await FakeArchive.start();
  await archive.publishAll([]);
  const packed = gzipSync(lines);
  const signed = async (sum: string): Promise<void> => {
    const release = `Suite: bookworm\nCodename: bookworm\nDate: ${new Date(Date.now() - 1000).toUTCString().replace("GMT", "UTC")}\nSHA256:\n ${sum} ${packed.length} main/Contents-amd64.gz\n`;
    archive.files.set("dists/bookworm/InRelease", await archive.sign(release));
  };
  archive.files.set("dists/bookworm/main/Contents-amd64.gz", packed);
  await signed(sha256Hex(Buffer.from("other")));
  const opened = options(archive);
  await expect(openContents(opened)).rejects.toMatchObject({ code: "SLIP_VERIFY" });
  await expect(openContents({ ...opened, offline: true })).rejects.toMatchObject({ code: "SLIP_NETWORK" });
  await signed(sha256Hex(packed));
  expect((await openContents(opened)).library("libssl.so.3")).toEqual(["libssl3t64"]);
  archive.requests.length = 0;
  expect((await openContents({ ...opened, offline: true })).program("dash")).toEqual(["dash"]);
  expect(archive.requests).toEqual([]);
});
