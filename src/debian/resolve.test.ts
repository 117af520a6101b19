import { describe, expect, test } from "vitest";
import { SlipwayError } from "../base/index.ts";
import type { DebianPackage } from "./contract.ts";
import { compactPackages, PackageIndex } from "./package-index.ts";
import { resolvePackages } from "./resolve.ts";

type Fields = Readonly<Record<string, string>>;

/** Packages by `name` or `name=version`, with their fields. */
function archive(packages: Readonly<Record<string, Fields>>): PackageIndex {
  const stanzas = Object.entries(packages).map(([id, fields]) => {
    const [Package = "", Version = "1"] = id.split("=");
    const all = { Package, Version, Filename: "x", Size: "1", SHA256: "0", ...fields };
    return Object.entries(all)
      .map(([name, value]) => `${name}: ${value}\n`)
      .join("");
  });
  return new PackageIndex(Buffer.from(compactPackages(stanzas.join("\n")), "latin1"), { mirror: "", suite: "" });
}

const show = (packages: readonly DebianPackage[]): string =>
  packages.map((entry) => (entry.version === "1" ? entry.name : `${entry.name}=${entry.version}`)).join(" ");

test.each<[what: string, packages: Record<string, Fields>, names: string[], expected: string]>([
  ["what it needs, and what that needs", { a: { Depends: "b" }, b: { "Pre-Depends": "c" }, c: {} }, ["a"], "a b c"],
  ["no recommendation", { a: { Recommends: "b", Suggests: "b" }, b: {} }, ["a"], "a"],
  ["a circle once", { a: { Depends: "b" }, b: { Depends: "a" } }, ["a", "b"], "a b"],
  ["the leftmost alternative", { a: { Depends: "b | c" }, b: {}, c: {} }, ["a"], "a b"],
  ["an alternative that is there already", { a: { Depends: "b | c" }, b: {}, c: {} }, ["a", "c"], "a c"],
  [
    "an alternative that something else needs anyway",
    { a: { Depends: "b | c, d" }, b: {}, c: {}, d: { Depends: "c" } },
    ["a"],
    "a c d",
  ],
  ["the alternative that exists", { a: { Depends: "missing | c" }, c: {} }, ["a"], "a c"],
  [
    "a real package before one that provides the name",
    { a: { Depends: "v" }, p: { Provides: "v" }, v: {} },
    ["a"],
    "a v",
  ],
  ["a package that provides the name", { a: { Depends: "v" }, p: { Provides: "v" } }, ["a"], "a p"],
  [
    "the provider of the better priority",
    { a: { Depends: "v" }, p: { Provides: "v" }, q: { Provides: "v", Priority: "required" } },
    ["a"],
    "a q",
  ],
  [
    "a name that what is needed anyway provides, though a package has it",
    { a: { Depends: "v (>= 1), b" }, b: { Depends: "p" }, p: { Provides: "v (= 2)" }, v: {} },
    ["a"],
    "a b p",
  ],
  [
    "of those that provide the name the one that lacks least",
    { a: { Depends: "v" }, p: { Provides: "v", Depends: "x, y" }, q: { Provides: "v", Depends: "x" }, x: {}, y: {} },
    ["a"],
    "a q x",
  ],
  [
    "a name that packages only provide after all choices",
    { a: { Depends: "v, b | c" }, b: {}, c: {}, p: { Provides: "v" }, q: { Provides: "v" }, "b=2": { Provides: "v" } },
    ["a"],
    "a b=2",
  ],
  ["the highest version", { a: { Depends: "b" }, "b=1": {}, "b=2": {}, "b=2~rc": {} }, ["a"], "a b=2"],
  [
    "a lower version where the highest is too high",
    { a: { Depends: "b (<< 2)" }, "b=1.5": {}, "b=2": {} },
    ["a"],
    "a b=1.5",
  ],
  ["the version asked for", { "b=1.5": {}, "b=2": {} }, ["b=1.5"], "b=1.5"],
  ["a versioned Provides", { a: { Depends: "v (>= 2)" }, p: { Provides: "v (= 2.1)" } }, ["a"], "a p"],
  ["a package of any architecture", { a: { Depends: "b:any, c:amd64" }, b: {}, c: {} }, ["a"], "a b c"],
  ["the only provider of a name asked for", { p: { Provides: "v" } }, ["v"], "p"],
  [
    "an alternative that conflicts with nothing",
    { a: { Depends: "b | c" }, b: { Conflicts: "a" }, c: {} },
    ["a"],
    "a c",
  ],
  ["a package that conflicts with the name that it provides", { a: { Provides: "v", Conflicts: "v" } }, ["a"], "a"],
])("resolves %s", (_what, packages, names, expected) => {
  expect(show(resolvePackages(archive(packages), "amd64", names))).toBe(expected);
});

describe("what cannot be had", () => {
  test.each<[what: string, packages: Record<string, Fields>, name: string, message: string, hint: string]>([
    ["a name that nothing has", { "golang-go": {} }, "golnag-go", 'the package "golnag-go"', "did you mean golang-go?"],
    ["a virtual package", { p: { Provides: "v" }, q: { Provides: "v" } }, "v", "it is a virtual package", "p, q"],
    ["a version that is not there", { "a=1": {}, "a=2": {} }, "a=3", "version 3", "the archive has 2, 1"],
    ["a dependency of no version", { a: { Depends: "b (>= 2)" }, b: {} }, "a", "on b (>= 2)", "the archive has b 1"],
    [
      "an unversioned Provides for a version",
      { a: { Depends: "v (>= 1)" }, p: { Provides: "v" } },
      "a",
      "on v (>= 1)",
      "",
    ],
    ["another architecture", { a: { Depends: "b:i386" }, b: {} }, "a", "on b:i386", ""],
    ["two that conflict", { a: { Depends: "b" }, b: { Conflicts: "a" } }, "a", '"a" and "b" together', ""],
    [
      "two where one breaks the other",
      { a: { Depends: "b" }, b: { Breaks: "a (<< 2)" } },
      "a",
      "b breaks a (<< 2)",
      "",
    ],
  ])("%s", (_what, packages, name, message, hint) => {
    let error: unknown;
    try {
      resolvePackages(archive(packages), "amd64", [name]);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(SlipwayError);
    const { code, message: said, hint: helped } = error as SlipwayError;
    expect(code).toBe("SLIP_PACKAGE");
    expect(said).toContain(message);
    expect(helped).toContain(hint);
  });
});
