import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compactPackages, PackageIndex } from "./package-index.ts";

const origin = { mirror: "http://mirror/debian", suite: "bookworm" };
const stanza = (fields: Readonly<Record<string, string>>): string =>
  `${Object.entries({ Filename: "pool/x.deb", Size: "1", SHA256: "a".repeat(64), ...fields })
    .map(([name, value]) => `${name}: ${value}`)
    .join("\n")}\n`;
const indexOf = (...stanzas: readonly string[]): PackageIndex =>
  new PackageIndex(Buffer.from(compactPackages(stanzas.join("\n")), "latin1"), origin);

test("keeps what resolving and fetching need", () => {
  const index = indexOf(
    stanza({
      Package: "bash",
      Version: "5.2-1",
      Architecture: "amd64",
      Source: "bash-src (5.2)",
      Essential: "yes",
      Priority: "required",
      "Pre-Depends": "libc6",
      Depends: "a,\n b",
      Provides: "shell, posix (= 1)",
      "Installed-Size": "7164",
      "Multi-Arch": "foreign",
      Description: "Package: not a field",
    }),
  );
  expect(index.versions("bash")).toEqual([
    {
      name: "bash",
      version: "5.2-1",
      architecture: "amd64",
      source: "bash-src",
      essential: true,
      priority: "required",
      preDepends: "libc6",
      depends: "a, b",
      provides: "shell, posix (= 1)",
      conflicts: "",
      breaks: "",
      multiArch: "foreign",
      installedSize: 7164,
      filename: "pool/x.deb",
      size: 1,
      sha256: "a".repeat(64),
      ...origin,
    },
  ]);
  expect(index.providers("posix")).toEqual(["bash"]);
});

test("several versions of a package come highest first", () => {
  const index = indexOf(...["1.9", "1.10", "1.10~rc"].map((Version) => stanza({ Package: "a", Version })));
  expect(index.versions("a").map((entry) => entry.version)).toEqual(["1.10", "1.10~rc", "1.9"]);
  expect([...index.names()]).toEqual(["a"]);
});

test("an empty index has nothing", () => {
  const index = indexOf();
  expect([index.size, index.versions("a"), index.providers("a"), [...index.packages()]]).toEqual([0, [], [], []]);
});

test("every package is found by its name, and no other", () => {
  const name = fc.stringMatching(/^[a-z0-9][a-z0-9+.-]{0,4}$/);
  fc.assert(
    fc.property(fc.uniqueArray(name, { maxLength: 30 }), fc.array(name, { maxLength: 5 }), (names, others) => {
      const index = indexOf(...names.map((Package) => stanza({ Package, Version: "1", Provides: `${Package}x, v` })));
      for (const one of names) {
        expect(index.versions(one).map((entry) => entry.name)).toEqual([one]);
        expect(index.providers(`${one}x`)).toContain(one);
      }
      expect(index.providers("v")).toHaveLength(names.length);
      for (const other of others) expect(index.versions(other)).toHaveLength(names.includes(other) ? 1 : 0);
      expect([...index.packages()]).toHaveLength(names.length);
    }),
  );
});

describe("a damaged index is refused", () => {
  const whole = compactPackages(stanza({ Package: "a", Version: "1" }));
  test.each([
    ["another format", whole.replace("packages 2", "packages 1")],
    ["cut off", whole.slice(0, -1)],
    ["cut off behind a line", whole.slice(0, whole.lastIndexOf("\n", whole.length - 2) + 1)],
    ["cut in its first part", whole.slice(0, 60)],
    ["empty", ""],
  ])("%s", (_what, text) => {
    expect(() => new PackageIndex(Buffer.from(text, "latin1"), origin)).toThrow(/package index/);
  });
});
