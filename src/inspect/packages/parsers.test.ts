import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import type { ReadAt } from "../elf-layout.ts";
import { InRoot } from "../in-root.ts";
import { apkPackages, copyrightLicenses, dpkgPackages } from "./dpkg-apk.ts";
import { distributionOf } from "./distribution.ts";
import { findPackages } from "./find-packages.ts";
import { goModules } from "./go-program.ts";
import { javaPackages } from "./java.ts";
import { lockedPackages, npmPackage } from "./npm.ts";
import { goProgram, makeBdb, ndbOf, rpmHeader, zipOf } from "./packages.fixture.ts";
import { pythonPackage } from "./python.ts";
import { headerPackage } from "./rpm-header.ts";
import { zipEntries } from "./zip.ts";

const readOf =
  (bytes: Buffer): ReadAt =>
  (offset, length) =>
    bytes.subarray(Math.min(Math.max(offset, 0), bytes.length), Math.max(0, offset + length));
const noted: string[] = [];
const java = (bytes: Buffer) =>
  javaPackages(readOf(bytes), bytes.length, "/x.jar", { bytes: 1 << 24, packages: 1000 }, (note) => noted.push(note));

describe("Debian and Alpine", () => {
  test("the fields of a package, and its source with a version of its own", () => {
    const status =
      "Package: a\nStatus: install ok installed\nVersion: 1-1+b1\nSource: a-src (1-1)\nArchitecture: all\n\n" +
      "Package: gone\nStatus: deinstall ok config-files\nVersion: 1\n\n\n  \nPackage: b\nVersion: 2\n";
    expect(dpkgPackages(status, "/s")).toMatchObject([
      { name: "a", version: "1-1+b1", architecture: "all", source: { name: "a-src", version: "1-1" } },
      { name: "b", version: "2" },
    ]);
    expect(
      apkPackages("P:musl\nV:1.2-r0\nA:x86_64\nL:MIT\no:musl-src\nU:https://musl.libc.org/\nF:lib\n", "/d"),
    ).toEqual([
      {
        kind: "apk",
        name: "musl",
        version: "1.2-r0",
        architecture: "x86_64",
        source: { name: "musl-src" },
        licenses: ["MIT"],
        homepage: "https://musl.libc.org/",
        path: "/d",
      },
    ]);
  });

  test("a copyright file in prose names no licence", () => {
    expect(copyrightLicenses("License: everything\nThis is free.\n")).toEqual([]);
  });
});

describe("rpm", () => {
  const tags = {
    1000: "bash",
    1001: "5.2",
    1002: "3.fc40",
    1014: "GPL-3.0-or-later",
    1022: "x86_64",
    1044: "bash-5.2-3.fc40.src.rpm",
  };

  test("a header's fields, its epoch and its source", () => {
    expect(headerPackage(rpmHeader(tags, 1), "/db")).toEqual([
      {
        kind: "rpm",
        name: "bash",
        version: "1:5.2-3.fc40",
        architecture: "x86_64",
        source: { name: "bash", version: "5.2-3.fc40" },
        licenses: ["GPL-3.0-or-later"],
        path: "/db",
      },
    ]);
  });

  test("a database in ndb format, damaged blobs passed over", () => {
    const root = mkdtempSync(join(tmpdir(), "slipway-ndb-"));
    try {
      const folder = join(root, "usr/lib/sysimage/rpm");
      mkdirSync(folder, { recursive: true });
      const database = ndbOf([rpmHeader(tags), rpmHeader({ 1000: "zlib", 1001: "1.3", 1002: "1" })]);
      writeFileSync(join(folder, "Packages.db"), database);
      const names = (): readonly string[] => findPackages({ root, layers: [root] }).packages.map(({ name }) => name);
      expect(names()).toEqual(["bash", "zlib"]);
      database.write("oops", 4096, "latin1");
      writeFileSync(join(folder, "Packages.db"), database);
      expect(names()).toEqual(["zlib"]);
      writeFileSync(join(folder, "Packages.db"), "no database at all, but long enough for a head");
      expect(findPackages({ root, layers: [] }).notes).toEqual([
        "/usr/lib/sysimage/rpm/Packages.db is no rpm database that slipway knows",
      ]);
    } finally {
      rmSync(root, { recursive: true, force: true });
    }
  });
});

describe("rpm before 4.16", () => {
  const root = mkdtempSync(join(tmpdir(), "slipway-bdb-"));
  afterAll(() => rmSync(root, { recursive: true, force: true }));
  const file = join(root, "var/lib/rpm/Packages");
  const long = "x".repeat(3000);
  const headers = ["bash", "zlib", "glibc"].map((name) => rpmHeader({ 1000: name, 1001: "1", 1002: "2", 1004: long }));
  const small = rpmHeader({ 1000: "tiny", 1001: "1", 1002: "1" });
  const found = (): ReturnType<typeof findPackages> => findPackages({ root, layers: [root] });
  const isThere = makeBdb(file, [...headers, small]);

  test.skipIf(!isThere)(
    `a table that Berkeley DB itself wrote, with values in the table and beside it${isThere ? "" : " (skipped: no perl with DB_File)"}`,
    () => {
      expect(found().packages.map(({ name }) => name)).toEqual(["bash", "glibc", "tiny", "zlib"]);
      expect(found().packages[0]).toMatchObject({ version: "1-2", layer: 0, path: "/var/lib/rpm/Packages" });
    },
  );

  test.skipIf(!isThere)("however it is damaged, it is read to an end", () => {
    const whole = readFileSync(file);
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { maxLength: 40 }),
        fc.nat(whole.length),
        (changes, keep) => {
          const copy = Buffer.from(whole);
          for (const [at, value] of changes) copy[at] = value;
          writeFileSync(file, keep % 4 === 0 ? copy.subarray(0, keep) : copy);
          expect(found().packages.length).toBeLessThanOrEqual(4);
        },
      ),
      { numRuns: 150 },
    );
    // Pages that name each other.
    const loop = Buffer.from(whole);
    for (let page = 4096; page < loop.length; page += 4096)
      if (loop[page + 25] === 7) loop.writeUInt32LE(page / 4096, page + 16);
    writeFileSync(file, loop);
    expect(found().packages.length).toBeLessThanOrEqual(4);
  });
});

describe("Go", () => {
  const modules = [
    "mod\texample.org/app\t(devel)\t",
    "dep\tgithub.com/old/name\tv1.0.0\th1:x",
    "=>\tgithub.com/new/name\tv2.0.0\th1:y",
    "dep\texample.org/local\tv0.0.0",
    "=>\t./local\t(devel)\t",
    "build\t-compiler=gc",
  ];
  const wanted = [
    ["stdlib", "1.22.1"],
    ["example.org/app", "(devel)"],
    ["github.com/new/name", "v2.0.0"],
    ["example.org/local", "v0.0.0"],
  ];

  test.each([false, true])(
    "modules of a program (before Go 1.18: %s), replaced ones by what stands in for them",
    (pointers) => {
      const bytes = goProgram({ modules, pointers });
      expect(goModules(readOf(bytes), "/app").map(({ name, version }) => [name, version])).toEqual(wanted);
    },
  );

  const program = ["/usr/bin/skopeo", "/usr/bin/umoci", "/usr/bin/docker"].find((path) => existsSync(path));
  test.skipIf(program === undefined)(
    `a program that Go made${program ? "" : " (skipped: no skopeo, umoci or docker here)"}`,
    () => {
      const found = goModules(readOf(readFileSync(program as string)), "/x").map(({ name }) => name);
      expect(found).toContain("stdlib");
    },
  );

  test("no other program has any", () => {
    expect(goModules(readOf(readFileSync(process.execPath).subarray(0, 1 << 20)), "/x")).toEqual([]);
  });
});

describe("npm", () => {
  test("names, old and new ways to name licences, people", () => {
    const text = JSON.stringify({
      name: "a",
      version: "1",
      licenses: [{ type: "MIT" }, { type: "Apache-2.0" }],
      author: "A <a@b>",
      homepage: "javascript:x",
    });
    expect(npmPackage(text, "/p")).toEqual([
      { kind: "npm", name: "a", version: "1", licenses: ["MIT", "Apache-2.0"], supplier: "A <a@b>", path: "/p" },
    ]);
    expect([npmPackage("[]", "/p"), npmPackage('{"name":1}', "/p"), npmPackage("null", "/p")]).toEqual([[], [], []]);
  });

  test("a lock file of version 1 nests its packages", () => {
    const lock = { dependencies: { a: { version: "1", dependencies: { "@s/b": { version: "2", dev: true } } } } };
    expect(lockedPackages(JSON.stringify(lock), "/l").map(({ folder, dev }) => [folder, dev])).toEqual([
      ["node_modules/a", false],
      ["node_modules/a/node_modules/@s/b", true],
    ]);
  });

  test("a lock file that nests without end is read to its bound", () => {
    let inner = "{}";
    for (let depth = 0; depth < 2000; depth++) inner = `{"a":{"version":"1","dependencies":${inner}}}`;
    expect(lockedPackages(`{"dependencies":${inner}}`, "/l")).toHaveLength(65);
  });
});

describe("Python", () => {
  test.each([
    ["License-Expression: MIT OR Apache-2.0\nLicense: x", ["MIT OR Apache-2.0"]],
    ["License: UNKNOWN\nClassifier: License :: OSI Approved :: MIT License", ["MIT License"]],
    [
      "License: Copyright (c) 2020\n        Permission is granted\nClassifier: License :: OSI Approved :: BSD License",
      ["BSD License"],
    ],
    ["Classifier: License :: OSI Approved", undefined],
  ])("licences of %j", (fields, licenses) => {
    const [found] = pythonPackage(
      `Metadata-Version: 2.1\nName: x\nVersion: 1\n${fields}\n\nLicense: in the text\n`,
      "/m",
    );
    expect(found?.licenses).toEqual(licenses);
  });
});

describe("Java", () => {
  const pom = (group: string, name: string, version: string): string =>
    `#Generated\r\ngroupId=${group}\r\nartifactId=${name}\r\nversion=${version}\r\n`;

  test("archives in archives, packed or stored", () => {
    const inner = zipOf({ "META-INF/maven/g.h/inner/pom.properties": pom("g.h", "inner", "2") });
    for (const deflate of [false, true]) {
      const outer = zipOf(
        {
          "META-INF/MANIFEST.MF":
            "Manifest-Version: 1.0\r\nImplementation-Version: 3\r\nImplementation-Vendor-Id: org.exa\r\n mple\r\n\r\nName: x\r\n",
          "BOOT-INF/lib/inner.jar": inner,
          "BOOT-INF/lib/plain-1.4.2.jar": zipOf({ x: "" }),
        },
        { deflate },
      );
      expect(java(outer)).toEqual([
        { kind: "java", name: "x", version: "3", group: "org.example", path: "/x.jar" },
        { kind: "java", name: "inner", version: "2", group: "g.h", path: "/x.jar", within: "BOOT-INF/lib/inner.jar" },
        { kind: "java", name: "plain", version: "1.4.2", path: "/x.jar", within: "BOOT-INF/lib/plain-1.4.2.jar" },
      ]);
    }
  });

  test.each([
    ["an archive of another's files is there itself, too", "guice.jar", "4.2.3", ["guice 4.2.3", "cglib 3.2.12"]],
    ["an archive under another name is what its version says", "maven3-cglib.jar", "3.2.12", ["cglib 3.2.12"]],
    ["an archive without a version is what is in it", "renamed.jar", undefined, ["cglib 3.2.12"]],
  ])("%s", (_what, file, version, wanted) => {
    const inner = zipOf({
      "META-INF/MANIFEST.MF": version === undefined ? "A: b\n" : `Bundle-Version: ${version}\n`,
      "META-INF/maven/cglib/cglib/pom.properties": pom("cglib", "cglib", "3.2.12"),
    });
    const [, ...found] = java(zipOf({ [file]: inner }));
    expect(found.map((item) => `${item.name} ${item.version}`)).toEqual(wanted);
  });

  test("archives are read four deep, and bombs not to their end", () => {
    let nested = zipOf({ x: "" });
    for (let depth = 0; depth < 8; depth++) nested = zipOf({ [`a${depth}.jar`]: nested });
    noted.length = 0;
    expect(java(nested)).toHaveLength(4);
    expect(noted).toEqual([expect.stringContaining("lies too deep")]);
    noted.length = 0;
    const bomb = zipOf({ "big.jar": Buffer.alloc(40 << 20) });
    expect(java(bomb)).toHaveLength(1);
    expect(noted).toEqual(["/x.jar!big.jar is too large or damaged and was not read"]);
  });
});

describe("Whatever a file holds, a parser gives packages or none, and never throws", () => {
  const text = fc.string({ unit: "binary", maxLength: 300 });
  const lines = (keys: readonly string[], between: string) =>
    fc
      .array(fc.tuple(fc.constantFrom(...keys, "", " "), text), { maxLength: 20 })
      .map((rows) => rows.map(([key, value]) => `${key}${between}${value}`).join("\n"));
  const sane = (found: readonly { readonly name: string; readonly version: string }[]): void => {
    for (const { name, version } of found) {
      expect(name).not.toBe("");
      expect([name.isWellFormed(), version.isWellFormed()]).toEqual([true, true]);
    }
  };
  const all = (arbitrary: fc.Arbitrary<string>, parse: (text: string) => Parameters<typeof sane>[0]): void =>
    fc.assert(
      fc.property(arbitrary, (given) => sane(parse(given))),
      { numRuns: 300 },
    );

  test("texts", () => {
    all(lines(["Package", "Version", "Status", "Source"], ": "), (given) => dpkgPackages(given, "/x"));
    all(lines(["P", "V", "L", "o"], ":"), (given) => apkPackages(given, "/x"));
    all(lines(["Name", "Version", "License", "Classifier"], ": "), (given) => pythonPackage(given, "/x"));
    all(fc.oneof(text, fc.json({ maxDepth: 5 })), (given) => npmPackage(given, "/x"));
    const fields = fc.record({
      name: fc.jsonValue(),
      version: fc.jsonValue(),
      license: fc.jsonValue(),
      author: fc.jsonValue(),
    });
    all(
      fields.map((value) => JSON.stringify(value)),
      (given) => npmPackage(given, "/x"),
    );
    const lock = fc.record(
      { packages: fc.dictionary(text, fields), dependencies: fc.jsonValue() },
      { requiredKeys: [] },
    );
    all(
      lock.map((value) => JSON.stringify(value)),
      (given) => lockedPackages(given, "/x").map(({ item }) => item),
    );
  });

  /** A file with some of its bytes others, cut off somewhere. */
  const damaged = (bytes: Buffer) =>
    fc
      .tuple(
        fc.array(fc.tuple(fc.nat(Math.min(bytes.length - 1, 400)), fc.nat(255)), { maxLength: 6 }),
        fc.nat(bytes.length),
      )
      .map(([changes, keep]) => {
        const copy = Buffer.from(bytes);
        for (const [at, value] of changes) copy[at] = value;
        return keep % 3 === 0 ? copy.subarray(0, keep) : copy;
      });
  const survives = (bytes: Buffer, parse: (bytes: Buffer) => Parameters<typeof sane>[0]): void =>
    fc.assert(
      fc.property(fc.oneof(damaged(bytes), fc.uint8Array({ maxLength: 200 })), (given) =>
        sane(parse(Buffer.from(given))),
      ),
      { numRuns: 500 },
    );

  test("binaries", () => {
    const program = (pointers: boolean): Buffer => goProgram({ modules: ["mod\ta\tv1\t", "dep\tb\tv2\t"], pointers });
    survives(program(false), (bytes) => goModules(readOf(bytes), "/x"));
    survives(program(true), (bytes) => goModules(readOf(bytes), "/x"));
    survives(rpmHeader({ 1000: "a", 1001: "1", 1002: "2" }, 3), (bytes) => headerPackage(bytes, "/x"));
    const inner = zipOf({ "META-INF/MANIFEST.MF": "A: b\r\n" });
    survives(zipOf({ "a.jar": inner, "META-INF/MANIFEST.MF": "Bundle-SymbolicName: a.b\r\n" }), java);
  });

  test("linear time: texts of megabytes take a moment", () => {
    const started = performance.now();
    const long = "x".repeat(1 << 20);
    const many = "\n".repeat(1 << 20);
    for (const given of [
      long,
      many,
      `${" ".repeat(1 << 20)}:`,
      `License: ${long}`,
      `Format: ${"copyright".repeat(1 << 16)}`,
    ]) {
      dpkgPackages(`Package: ${given}`, "/x");
      apkPackages(`P:${given}`, "/x");
      pythonPackage(`Name: ${given}`, "/x");
      copyrightLicenses(`Format: x/copyright-format/1.0\n${given}`);
      npmPackage(JSON.stringify({ name: given, homepage: `https://${given}`, author: given }), "/x");
      java(zipOf({ "META-INF/MANIFEST.MF": given, "META-INF/maven/a/b/pom.properties": given }));
    }
    expect(java(zipOf({ [`${"-1".repeat(30_000)}!.jar`]: zipOf({ x: "" }) }))).toHaveLength(2);
    zipEntries(readOf(Buffer.alloc(1 << 20, "PK\x05\x06")), 1 << 20);
    expect(performance.now() - started).toBeLessThan(5000);
  });
});

test("os-release: quotes, and the second place; what is no id counts for nothing", () => {
  const root = mkdtempSync(join(tmpdir(), "slipway-os-"));
  try {
    mkdirSync(join(root, "etc"));
    mkdirSync(join(root, "usr/lib"), { recursive: true });
    writeFileSync(join(root, "etc/os-release"), "ID=not an id\n");
    writeFileSync(
      join(root, "usr/lib/os-release"),
      '# x\nID="alpine"\nVERSION_ID=3.20.1\nPRETTY_NAME=\'Alpine "Linux"\'\n',
    );
    expect(distributionOf(new InRoot(root))).toEqual({ id: "alpine", version: "3.20.1", name: 'Alpine "Linux"' });
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
});
