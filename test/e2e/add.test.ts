import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { because, openLab, whyNoLab, writeFiles } from "./support/lab.ts";

describe.skipIf(whyNoLab)(`ADD${because}`, () => {
  const lab = openLab();

  test("archives are unpacked whatever they are compressed with, other files are copied as they are", async () => {
    const context = lab.context({
      Dockerfile: "",
      "source/dir/file": "in the archive",
      "source/link": { link: "dir/file" },
    });
    const tar = join(context, "plain.tar");
    const owner = ["--owner=7", "--group=8", "--numeric-owner", "--mtime=@1000000000"];
    execFileSync("tar", ["-C", join(context, "source"), "--format=pax", ...owner, "-cf", tar, "dir", "link"]);
    const compressed = (program: string): Uint8Array => execFileSync(program, ["-c"], { input: readFileSync(tar) });
    writeFiles(context, {
      "gzip.tar.gz": gzipSync(readFileSync(tar)),
      "named-otherwise.bin": compressed("bzip2"),
      "xz.tar.xz": compressed("xz"),
      "zstd.tar.zst": zstdCompressSync(readFileSync(tar)),
      "text.gz": gzipSync("no archive in it"),
      "empty.tar": new Uint8Array(10_240),
      "text.tar": "only its name is that of an archive",
      Dockerfile: `FROM scratch
ADD plain.tar /plain
ADD gzip.tar.gz /gzip/
ADD named-otherwise.bin /bzip2
ADD xz.tar.xz /xz
ADD zstd.tar.zst /zstd/
ADD text.gz text.tar /copied/
ADD source /folder
ADD plain.tar source/dir/file /both/
ADD --unpack=false plain.tar /kept/
COPY plain.tar /copy/
`,
    });
    const tree = await lab.tree(context);
    const unpacked = ["plain", "gzip", "bzip2", "xz", "zstd", "both"];
    const file = { content: "in the archive", owner: "7:8", mtime: 1_000_000_000 };
    expect(unpacked.map((into) => tree.get(`${into}/dir/file`))).toMatchObject(unpacked.map(() => file));
    expect(unpacked.map((into) => tree.get(`${into}/link`)?.link)).toEqual(unpacked.map(() => "dir/file"));
    expect(tree.get("copied/text.tar")?.content).toBe("only its name is that of an archive");
    expect(tree.get("copied/text.gz")?.type).toBe("file");
    expect(tree.get("folder/dir/file")).toMatchObject({ content: "in the archive", owner: "0:0" });
    expect(tree.get("both/file")?.content).toBe("in the archive");
    expect(tree.get("kept/plain.tar")?.type).toBe("file");
    expect(tree.get("copy/plain.tar")?.type).toBe("file");
  });

  test("an archive goes over what is there, and its links lead nowhere outside the image", async () => {
    const context = lab.context({ "source/etc/added": "new", "source/var/file": "through the link" });
    execFileSync("tar", ["-C", join(context, "source"), "-cf", join(context, "over.tar"), "etc/added", "var/file"]);
    writeFiles(context, {
      Dockerfile: `FROM base
RUN mkdir /data && ln -s /data /var
ADD over.tar /
`,
    });
    const tree = await lab.tree(context);
    expect(tree.get("etc/passwd")?.content).toContain("app");
    expect(tree.get("etc/added")?.content).toBe("new");
    expect([tree.get("data/file"), tree.get("var/file")].map((file) => file?.content)).toContain("through the link");
  });
});
