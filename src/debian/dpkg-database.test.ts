import { readFileSync, statSync } from "node:fs";
import { expect, test } from "vitest";
import { prepareConfigure } from "./configure-script.ts";
import { type UnpackedPackage, writeDpkgDatabase } from "./dpkg-database.ts";
import { RootFiles } from "./root-files.ts";
import { tempFolder } from "../../test/support/store-lab.ts";

function unpacked(
  name: string,
  more: Partial<UnpackedPackage["contents"]> & { multiArch?: string } = {},
): UnpackedPackage {
  const { multiArch = "", ...contents } = more;
  return {
    name,
    architecture: "amd64",
    multiArch,
    contents: {
      control: `Package: ${name}\nVersion: 1\nDescription: short\n long\n`,
      controlFiles: [],
      paths: ["/", "/usr", `/usr/${name}`],
      folders: ["/", "/usr"].map((path) => ({ path, mode: 0o755, uid: 0, gid: 0 })),
      conffiles: [],
      ...contents,
    },
  };
}

test("packages are recorded as dpkg records what it has unpacked", () => {
  const root = tempFolder();
  writeDpkgDatabase(new RootFiles(root), [
    unpacked("a", {
      conffiles: [["/etc/a", "0cc175b9c0f1b6a831c399e269772661"]],
      controlFiles: [{ name: "postinst", mode: 0o755, data: Buffer.from("#!/bin/sh\n") }],
    }),
    unpacked("libb", {
      multiArch: "same",
      controlFiles: [
        {
          name: "triggers",
          mode: 0o644,
          data: Buffer.from("# x\ninterest-noawait /usr/share/b\ninterest ldconfig\nactivate y\n"),
        },
      ],
    }),
  ]);
  const read = (path: string): string => readFileSync(`${root}/var/lib/dpkg/${path}`, "utf8");
  expect(read("status")).toBe(
    "Package: a\nStatus: install ok unpacked\nVersion: 1\nDescription: short\n long\nConffiles:\n /etc/a 0cc175b9c0f1b6a831c399e269772661\n\n" +
      "Package: libb\nStatus: install ok unpacked\nVersion: 1\nDescription: short\n long\n",
  );
  expect(read("info/a.list")).toBe("/.\n/usr\n/usr/a\n");
  expect(statSync(`${root}/var/lib/dpkg/info/a.postinst`).mode & 0o777).toBe(0o755);
  expect(read("info/libb:amd64.triggers")).toContain("interest ldconfig");
  expect(read("triggers/File")).toBe("/usr/share/b libb:amd64/noawait\n");
  expect(read("triggers/ldconfig")).toBe("libb:amd64\n");
});

test("two packages with one file are refused", () => {
  const both = ["a", "b"].map((name) => unpacked(name, { paths: ["/", "/usr", "/usr/same"] }));
  expect(() => writeDpkgDatabase(new RootFiles(tempFolder()), both)).toThrow(/"b" beside "a": both have \/usr\/same/);
});

test("preinst scripts run before dpkg, that of base-passwd first, where debconf looks for them", () => {
  const root = tempFolder();
  const preinst = { name: "preinst", mode: 0o755, data: Buffer.from("#!/bin/sh\n") };
  const packages = ["adduser", "base-passwd", "quiet"].map((name) =>
    unpacked(name, { controlFiles: name === "quiet" ? [] : [preinst] }),
  );
  const script = prepareConfigure(new RootFiles(root), packages, "amd64");
  const order = ["base-passwd", "adduser", "--configure"].map((what) => script.indexOf(what));
  expect(order).toEqual(order.toSorted((a, b) => a - b));
  expect(order).not.toContain(-1);
  expect(script).not.toContain("quiet");
  expect(readFileSync(`${root}/var/lib/dpkg/tmp.ci/base-passwd/control`, "utf8")).toContain("Package: base-passwd");
});
