import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { readTar } from "../layer/index.ts";
import { readAr } from "./ar.ts";
import { readDeb } from "./read-deb.ts";
import { ar, makeDeb } from "../../test/support/fake-archive.ts";
import { tempFolder } from "../../test/support/store-lab.ts";

const md5 = (text: string): string => createHash("md5").update(text).digest("hex");

async function read(deb: Buffer): Promise<{ contents: Awaited<ReturnType<typeof readDeb>>; tar: string }> {
  const folder = tempFolder();
  writeFileSync(`${folder}/x.deb`, deb);
  return { contents: await readDeb(`${folder}/x.deb`, `${folder}/x.tar`), tar: `${folder}/x.tar` };
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
  const { contents, tar } = await read(deb);
  expect(contents.control).toBe("Package: hello\nVersion: 1\n");
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
  const names: string[] = [];
  for await (const entry of readTar(
    (async function* () {
      yield readFileSync(tar);
    })(),
  ))
    names.push(entry.name);
  expect(names).toHaveLength(contents.paths.length);
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
    const deb = await makeDeb({ control: { control: "Package: a\n" }, data: { a: "b" }, compression: "xz" });
    await expect(read(deb.subarray(0, -40))).rejects.toThrow("it is cut off");
    const data = readArMember(deb, "data.tar.xz");
    const changed = Buffer.from(deb);
    changed.fill(0xff, data.offset + 12, data.offset + 40);
    await expect(read(changed)).rejects.toThrow("its data are damaged");
  });
});

function readArMember(deb: Buffer, name: string): { readonly offset: number } {
  const file = `${tempFolder()}/x.deb`;
  writeFileSync(file, deb);
  const found = readAr(file).find((member) => member.name === name);
  if (!found) throw new Error("no such member");
  return found;
}
