import { mkdirSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { chooseMirrors } from "./mirror.ts";
import { tempFolder } from "../../test/support/store-lab.ts";

function apt(files: Readonly<Record<string, string>>): string {
  const folder = tempFolder();
  mkdirSync(`${folder}/sources.list.d`);
  for (const [name, text] of Object.entries(files)) writeFileSync(`${folder}/${name}`, text);
  return folder;
}
const machine = apt.bind(undefined, {
  "sources.list.d/debian.sources": `Types: deb deb-src
URIs: http://mirror.example/debian/
Suites: bookworm bookworm-updates
Components: main contrib

Types: deb
URIs: http://mirror.example/debian-security
Suites: bookworm-security
Components: main
`,
});

test("what is asked for, then the variable, then the machine's sources, then Debian's own", () => {
  const aptFolder = machine();
  const env = { SLIPWAY_DEBIAN_MIRROR: "http://variable.example/debian" };
  const mirrorOf = (query: Parameters<typeof chooseMirrors>[0]): string => chooseMirrors(query).mirror;
  expect(mirrorOf({ mirror: "https://flag.example/debian/", env, aptFolder })).toBe("https://flag.example/debian");
  expect(mirrorOf({ env, aptFolder })).toBe("http://variable.example/debian");
  expect(mirrorOf({ env: {}, aptFolder })).toBe("http://mirror.example/debian");
  expect(mirrorOf({ env: {}, aptFolder: "/nonexistent" })).toBe("http://ftp.debian.org/debian");
});

test("the security archive is chosen by itself", () => {
  const aptFolder = machine();
  const mirror = "http://flag.example/debian";
  const securityOf = (query: Parameters<typeof chooseMirrors>[0]): string => chooseMirrors(query).securityMirror;
  expect(securityOf({ mirror, env: {}, aptFolder })).toBe("http://mirror.example/debian-security");
  expect(securityOf({ mirror, env: {}, aptFolder: "/nonexistent" })).toBe("http://security.debian.org/debian-security");
  const env = { SLIPWAY_DEBIAN_SECURITY_MIRROR: "none" };
  expect(securityOf({ mirror, env, aptFolder })).toBe("none");
});

test.each([
  [
    "the one-line format",
    "deb [arch=amd64 signed-by=/x] http://a.example/debian trixie main\n",
    "http://a.example/debian",
  ],
  [
    "comments and sources",
    "# deb http://no.example bookworm main\ndeb-src http://no.example bookworm main\n",
    undefined,
  ],
  ["archives of others", "deb https://download.example/linux/debian bookworm stable\n", undefined],
  ["other distributions", "deb http://archive.example/ubuntu noble main\n", undefined],
  ["discs", "deb cdrom:[Debian]/ bookworm main\n", undefined],
  [
    "a copy of the suite's name for other packages",
    "deb http://extra.example/node bookworm main\ndeb http://a.example/mirror bookworm main\ndeb http://a.example/mirror bookworm-updates main\n",
    "http://a.example/mirror",
  ],
])("reads %s", (_what, text, expected) => {
  const aptFolder = apt({ "sources.list": text });
  expect(chooseMirrors({ env: {}, aptFolder }).mirror).toBe(expected ?? "http://ftp.debian.org/debian");
});

test("sources that are switched off do not count", () => {
  const aptFolder = apt({
    "sources.list.d/off.sources":
      "Enabled: no\nTypes: deb\nURIs: http://off.example/debian\nSuites: sid\nComponents: main\n",
  });
  expect(chooseMirrors({ env: {}, aptFolder }).mirror).toBe("http://ftp.debian.org/debian");
});

test("what is no address is refused", () => {
  expect(() => chooseMirrors({ mirror: "ftp.debian.org" })).toThrow(/no http or https address/);
});
