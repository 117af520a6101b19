import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { fileDigests } from "../digest-files.ts";
import { findPackages } from "./find-packages.ts";
import { goProgram, zipOf } from "./packages.fixture.ts";

let work: string;
let root: string;
beforeEach(() => {
  work = mkdtempSync(join(tmpdir(), "slipway-packages-"));
  root = join(work, "root");
  mkdirSync(root);
});
afterEach(() => rmSync(work, { recursive: true, force: true }));

function file(path: string, content: string | Uint8Array, { mode = 0o644, layer = root } = {}): void {
  mkdirSync(dirname(layer + path), { recursive: true });
  writeFileSync(layer + path, content, { mode });
}

const brief = () =>
  findPackages({ root, layers: [] }).packages.map(
    ({ kind, name, version, path }) => `${kind} ${name} ${version} ${path}`,
  );

test("an empty root has no packages", () => {
  expect(findPackages({ root, layers: [] })).toEqual({ packages: [], distribution: undefined, notes: [] });
});

test("packages of every kind are found side by side", () => {
  file(
    "/etc/os-release",
    'ID=debian\nVERSION_ID="12"\nVERSION_CODENAME=bookworm\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n',
  );
  file(
    "/var/lib/dpkg/status",
    "Package: libc6\nStatus: install ok installed\nArchitecture: amd64\nSource: glibc (2.36-9)\nVersion: 2.36-9+deb12u1\n" +
      "Maintainer: GNU Libc <x@debian.org>\nHomepage: https://example.org/\nDescription: GNU C Library\n more\n",
  );
  file(
    "/usr/share/doc/libc6/copyright",
    "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n\nFiles: *\nLicense: LGPL-2.1+\n text\n\nFiles: x\nLicense: GPL-2+\n",
  );
  file(
    "/app/node_modules/left-pad/package.json",
    '{"name":"left-pad","version":"1.3.0","license":"WTFPL","author":{"name":"A"}}',
  );
  file(
    "/usr/lib/python3/dist-packages/requests-2.31.0.dist-info/METADATA",
    "Name: requests\nVersion: 2.31.0\nLicense: Apache 2.0\n\nlong text\n",
  );
  file(
    "/usr/local/bin/calculator",
    goProgram({ modules: ["mod\texample.org/calculator\t(devel)\t", "dep\tgolang.org/x/text\tv0.14.0\th1:x"] }),
    { mode: 0o755 },
  );
  file(
    "/opt/app.jar",
    zipOf({ "META-INF/maven/org.example/app/pom.properties": "groupId=org.example\nartifactId=app\nversion=1.2\n" }),
  );
  const found = findPackages({ root, layers: [] });
  expect(found.distribution).toEqual({
    id: "debian",
    version: "12",
    codename: "bookworm",
    name: "Debian GNU/Linux 12 (bookworm)",
  });
  expect(found.notes).toEqual([]);
  expect(found.packages).toEqual([
    {
      kind: "dpkg",
      name: "libc6",
      version: "2.36-9+deb12u1",
      architecture: "amd64",
      source: { name: "glibc", version: "2.36-9" },
      licenses: ["GPL-2+", "LGPL-2.1+"],
      supplier: "GNU Libc <x@debian.org>",
      homepage: "https://example.org/",
      summary: "GNU C Library",
      path: "/var/lib/dpkg/status",
    },
    { kind: "go", name: "example.org/calculator", version: "(devel)", path: "/usr/local/bin/calculator" },
    { kind: "go", name: "golang.org/x/text", version: "v0.14.0", path: "/usr/local/bin/calculator" },
    { kind: "go", name: "stdlib", version: "1.22.1", path: "/usr/local/bin/calculator" },
    { kind: "java", name: "app", version: "1.2", group: "org.example", path: "/opt/app.jar" },
    {
      kind: "npm",
      name: "left-pad",
      version: "1.3.0",
      licenses: ["WTFPL"],
      supplier: "A",
      path: "/app/node_modules/left-pad/package.json",
    },
    {
      kind: "python",
      name: "requests",
      version: "2.31.0",
      licenses: ["Apache 2.0"],
      path: "/usr/lib/python3/dist-packages/requests-2.31.0.dist-info/METADATA",
    },
  ]);
});

test("a layer is named for the change that brought the package, not for the last change of the database", () => {
  const layers = ["one", "two", "three"].map((name) => join(work, name));
  const status = (...names: readonly string[]): string =>
    names.map((name) => `Package: ${name}\nVersion: 1\n`).join("\n");
  const versions = [status("a", "b"), status("a", "b", "c"), status("a", "c", "d")];
  for (const [at, layer] of layers.entries()) file("/var/lib/dpkg/status", versions[at] as string, { layer });
  file("/var/lib/dpkg/status", versions[2] as string);
  for (const layer of [layers[1] as string, root]) file("/x.egg-info", "Name: x\nVersion: 1\n", { layer });
  const { packages } = findPackages({ root, layers });
  expect(packages.map(({ name, layer }) => [name, layer])).toEqual([
    ["a", 0],
    ["c", 1],
    ["d", 2],
    ["x", 1],
  ]);
});

test("a link in a layer leads to no file outside of it", () => {
  const layer = join(work, "layer");
  const outside = join(work, "outside");
  file("/x.egg-info", "Name: x\nVersion: 1\n", { layer: outside });
  mkdirSync(layer);
  symlinkSync(outside, join(layer, "lib"));
  file("/lib/x.egg-info", "Name: x\nVersion: 1\n");
  expect(findPackages({ root, layers: [layer] }).packages).toMatchObject([{ name: "x" }]);
  expect(findPackages({ root, layers: [layer] }).packages[0]).not.toHaveProperty("layer");
});

test("npm: packages of a project and of the machine, and the project itself; other package.json files are nobody's", () => {
  file("/app/package.json", '{"name":"app","version":"1.0.0"}');
  file("/app/node_modules/@scope/a/package.json", '{"name":"@scope/a","version":"2.0.0"}');
  file("/app/node_modules/@scope/a/lib/package.json", '{"name":"not-me","version":"0"}');
  file("/app/node_modules/@scope/a/node_modules/b/package.json", '{"name":"b","version":"3.0.0"}');
  file("/usr/lib/node_modules/npm/package.json", '{"name":"npm","version":"10.0.0"}');
  file("/srv/data/package.json", '{"name":"template","version":"1"}');
  expect(brief()).toEqual([
    "npm @scope/a 2.0.0 /app/node_modules/@scope/a/package.json",
    "npm app 1.0.0 /app/package.json",
    "npm b 3.0.0 /app/node_modules/@scope/a/node_modules/b/package.json",
    "npm npm 10.0.0 /usr/lib/node_modules/npm/package.json",
  ]);
});

test("a lock file gives digests of what is installed, and stands for what is not", () => {
  const integrity = `sha512-${Buffer.alloc(64, 1).toString("base64")}`;
  const packages = {
    "": { name: "app", version: "1.0.0" },
    "node_modules/a": { version: "1.0.0", integrity, license: "MIT" },
    "node_modules/tool": { version: "1.0.0", dev: true },
    "node_modules/linked": { link: true, resolved: "../x" },
  };
  file("/app/package.json", '{"name":"app","version":"1.0.0"}');
  file("/app/package-lock.json", JSON.stringify({ lockfileVersion: 3, packages }));
  const declared = { kind: "npm", name: "a", version: "1.0.0", declared: true, path: "/app/package-lock.json" };
  expect(findPackages({ root, layers: [] }).packages).toMatchObject([declared, { name: "app" }]);
  file("/app/node_modules/a/package.json", '{"name":"a","version":"1.0.0"}');
  const { packages: found } = findPackages({ root, layers: [] });
  expect(found.map(({ name }) => name)).toEqual(["a", "app"]);
  expect(found[0]).toMatchObject({
    checksum: { algorithm: "sha512", value: "01".repeat(64) },
    path: "/app/node_modules/a/package.json",
  });
});

test("what cannot be read is told, and the rest is found", () => {
  file("/app/node_modules/big/package.json", `{"name":"big","version":"1","x":"${"x".repeat(1 << 20)}"}`);
  file("/app/node_modules/bad/package.json", "{nothing");
  file("/opt/broken.jar", "no archive");
  file("/var/lib/rpm/Packages", Buffer.alloc(4096));
  file("/app/node_modules/ok/package.json", '{"name":"ok","version":"1"}');
  const { packages, notes } = findPackages({ root, layers: [] });
  expect(packages.map(({ name }) => name)).toEqual(["ok"]);
  expect(notes).toEqual([
    "/app/node_modules/big/package.json is larger than 1 MB and was not read",
    "/opt/broken.jar is no archive that slipway can read",
    "/var/lib/rpm/Packages is no rpm database that slipway knows",
  ]);
});

test("folders that are links to each other, and those deeper than any path, end the walk", () => {
  file("/a/x.egg-info", "Name: x\nVersion: 1\n");
  symlinkSync("../a", join(root, "a/loop"));
  symlinkSync("/", join(root, "a/top"));
  const deep = `/${"d".repeat(250)}`.repeat(10);
  for (const folder of ["upper", "lower"]) mkdirSync(join(root, folder, deep), { recursive: true });
  renameSync(join(root, "lower"), join(root, "upper", deep, "lower"));
  const { packages, notes } = findPackages({ root, layers: [root] });
  expect(packages.map(({ path }) => path)).toEqual(["/a/x.egg-info"]);
  expect(notes).toEqual([expect.stringContaining("could not be read")]);
  execFileSync("rm", ["-rf", join(root, "upper")]);
});

test("a search that is not wanted any more ends", () => {
  const cancel = new Int32Array(new SharedArrayBuffer(4)).fill(1);
  expect(() => findPackages({ root, layers: [], cancel })).toThrow(expect.objectContaining({ code: "SLIP_CANCELLED" }));
});

test("each file has its digest, in order, links left out", () => {
  file("/b/two", "2");
  file("/a", "1");
  symlinkSync("a", join(root, "c"));
  expect(fileDigests({ root, cancel: undefined })).toEqual([
    { path: "a", sha256: createHash("sha256").update("1").digest("hex") },
    { path: "b/two", sha256: createHash("sha256").update("2").digest("hex") },
  ]);
});
