import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type SmallElf, smallElf } from "../elf.fixture.ts";
import { auditTree } from "./audit-tree.ts";
import type { AuditFinding, AuditJob } from "./contract.ts";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "slipway-audit-"));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const loader = "/lib64/ld-linux-x86-64.so.2";
const libraries = "/usr/lib/x86_64-linux-gnu";

function put(path: string, content: string | Buffer, mode = 0o644): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), content);
  chmodSync(join(root, path), mode);
}

function library(name: string, more: SmallElf = {}, folder = libraries): void {
  put(`${folder}/${name}`, smallElf({ soname: name, ...more }));
}

function link(path: string, target: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  symlinkSync(target, join(root, path));
}

function findings(more: Partial<AuditJob> = {}): readonly AuditFinding[] {
  return auditTree({ root, architecture: "amd64", env: [], ...more }).findings;
}

describe("libraries", () => {
  test("are found where the loader looks, through links, and the first for the machine counts", () => {
    library("libc.so.6");
    put("/usr/lib64/ld-linux-x86-64.so.2", smallElf({ soname: "ld-linux-x86-64.so.2" }), 0o755);
    link("/lib64", "usr/lib64");
    link("/lib", "usr/lib");
    library("liba.so.1", { machine: 183 }, "/usr/lib/x86_64-linux-gnu");
    library("liba.so.1.2", {}, "/usr/lib");
    link("/usr/lib/liba.so.1", "liba.so.1.2");
    put("/usr/bin/app", smallElf({ interpreter: loader, needed: ["libc.so.6", "liba.so.1"] }), 0o755);
    const report = auditTree({ root, architecture: "amd64", env: [] });
    expect(report).toMatchObject({ programs: 5, scripts: 0, links: 3, packages: 0 });
    expect(report.findings).toEqual([{ kind: "machine", file: `${libraries}/liba.so.1`, needs: "arm64" }]);
  });

  test("that are missing are told with who needs them, and where one of that name lies", () => {
    library("libb.so.2", {}, "/opt/app/lib");
    put("/usr/bin/app", smallElf({ interpreter: loader, needed: ["libb.so.2", "libnone.so.1"] }), 0o755);
    expect(findings()).toEqual([
      { kind: "library", file: "/usr/bin/app", needs: "libb.so.2", elsewhere: "/opt/app/lib/libb.so.2" },
      { kind: "library", file: "/usr/bin/app", needs: "libnone.so.1", elsewhere: undefined },
      { kind: "loader", file: "/usr/bin/app", needs: loader },
    ]);
  });

  test("are looked for along RUNPATH, RPATH with $ORIGIN, and LD_LIBRARY_PATH of the image", () => {
    library("libb.so.2", {}, "/opt/app/lib");
    library("libe.so.1", {}, "/srv/lib");
    put("/opt/app/bin/one", smallElf({ needed: ["libb.so.2"], runpath: "/none:$ORIGIN/../lib" }));
    put("/opt/app/bin/two", smallElf({ needed: ["libb.so.2"], rpath: "${ORIGIN}/../lib" }));
    put("/opt/app/bin/three", smallElf({ needed: ["libe.so.1"] }));
    expect(findings()).toMatchObject([{ file: "/opt/app/bin/three", needs: "libe.so.1" }]);
    expect(findings({ env: ["LD_LIBRARY_PATH=/x:/srv/lib"] })).toEqual([]);
  });

  test("RPATH holds for what a loaded library needs in turn, RUNPATH does not", () => {
    library("libouter.so.1", { needed: ["libinner.so.1"] }, "/opt/lib");
    library("libinner.so.1", {}, "/opt/lib");
    put("/opt/app", smallElf({ needed: ["libouter.so.1"], rpath: "/opt/lib" }));
    expect(findings()).toEqual([]);
    put("/opt/app", smallElf({ needed: ["libouter.so.1"], runpath: "/opt/lib" }));
    expect(findings()).toMatchObject([{ file: "/opt/lib/libouter.so.1", needs: "libinner.so.1" }]);
  });

  test("java's are loaded by java, where it is whole", () => {
    const home = "/usr/lib/jvm/java-21-openjdk-amd64/lib";
    library("libjava.so", { needed: ["libjvm.so"] }, home);
    expect(findings()).toHaveLength(1);
    library("libjvm.so", {}, `${home}/server`);
    expect(findings()).toEqual([]);
    library("libjsound.so", { needed: ["libasound.so.2"] }, home);
    expect(findings({ base: "java21" })).toEqual([]);
    expect(findings({ base: "python3" })).toHaveLength(1);
  });

  test("objects that no linker has been at are no programs, and cut off ones are told", () => {
    put("/usr/lib/crt1.o", smallElf({ type: 1, machine: 183 }));
    put("/usr/bin/cut", smallElf({ interpreter: loader, needed: ["liba.so"] }).subarray(0, 100));
    expect(findings()).toEqual([{ kind: "damaged", file: "/usr/bin/cut" }]);
  });
});

describe("scripts", () => {
  test("need their interpreter, and what env is to find, when they may be executed", () => {
    put("/usr/bin/tool", "#! /usr/bin/perl -w\n", 0o755);
    put("/usr/bin/other", "#!/usr/bin/env -S node --flag\n", 0o755);
    put("/usr/lib/module.py", "#!/usr/bin/python9\n", 0o644);
    expect(findings()).toEqual([
      { kind: "interpreter", file: "/usr/bin/other", needs: "/usr/bin/env" },
      { kind: "interpreter", file: "/usr/bin/tool", needs: "/usr/bin/perl" },
    ]);
    put("/usr/bin/env", smallElf(), 0o755);
    put("/usr/bin/perl", smallElf(), 0o644);
    expect(findings()).toEqual([
      { kind: "interpreter", file: "/usr/bin/other", needs: "node" },
      { kind: "interpreter", file: "/usr/bin/tool", needs: "/usr/bin/perl" },
    ]);
    put("/nodejs/bin/node", smallElf(), 0o755);
    chmodSync(join(root, "/usr/bin/perl"), 0o755);
    expect(findings({ env: ["PATH=/usr/bin:/nodejs/bin"] })).toEqual([]);
  });

  test("of those who log in or read documents are passed over, with the reason", () => {
    put("/etc/update-motd.d/10-uname", "#!/bin/sh\n", 0o755);
    put("/usr/share/doc/x/examples/run", "#!/bin/bash\n", 0o755);
    const report = auditTree({ root, architecture: "amd64", env: [] });
    expect(report).toMatchObject({ scripts: 2, findings: [] });
    expect(report.allowed.map(({ files }) => files)).toEqual([
      ["/etc/update-motd.d/10-uname"],
      ["/usr/share/doc/x/examples/run"],
    ]);
  });
});

test("links matter, but for those that a running container fills and those of documents", () => {
  link("/usr/bin/gone", "../lib/app");
  link("/usr/bin/outside", "../../../../../../etc/hostname");
  link("/loop", "loop");
  link("/etc/mtab", "../proc/self/mounts");
  link("/dev/stdout", "/proc/self/fd/1");
  link("/usr/share/doc/a", "b");
  link("/usr/share/zoneinfo/localtime", "/etc/localtime");
  link("/lib/systemd/system/x.service", "/etc/nothing");
  expect(findings()).toEqual([
    { kind: "link", file: "/loop", needs: "/loop" },
    { kind: "link", file: "/usr/bin/gone", needs: "/usr/lib/app" },
    { kind: "link", file: "/usr/bin/outside", needs: "/etc/hostname" },
  ]);
});

test("scanners see each package: a control file with a version, sums beside it, and a distribution", () => {
  const folder = "/var/lib/dpkg/status.d";
  put(`${folder}/libc6`, "Package: libc6\nVersion: 2.41-12\nArchitecture: amd64\n");
  put(`${folder}/libc6.md5sums`, "");
  put(`${folder}/bare`, "Package: bare\n");
  const report = auditTree({ root, architecture: "amd64", env: [] });
  expect(report.packages).toBe(2);
  expect(report.findings).toEqual([
    { kind: "status", file: "/etc/os-release", needs: "ID of the distribution" },
    { kind: "status", file: `${folder}/bare`, needs: "bare.md5sums" },
    { kind: "status", file: `${folder}/bare`, needs: "one package with its version" },
  ]);
});

test("names that are not ASCII, and an empty folder, are looked at", () => {
  expect(auditTree({ root, architecture: "amd64", env: [] })).toMatchObject({ programs: 0, findings: [] });
  put("/bin/döner", "#!/bin/ß\n", 0o755);
  expect(findings()).toEqual([{ kind: "interpreter", file: "/bin/döner", needs: "/bin/ß" }]);
});
