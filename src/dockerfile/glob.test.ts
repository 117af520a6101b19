import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Glob, goMatch } from "./index.ts";

describe("Go's filepath.Match", () => {
  test.each<readonly [pattern: string, name: string, matches: boolean | undefined]>([
    ["a.go", "a.go", true],
    ["a.go", "a_go", false],
    ["*", "", true],
    ["*", "a/b", false],
    ["*.go", ".go", true],
    ["*.go", "a.go.x", false],
    ["a*b*c", "aXbYbZc", true],
    ["a*b*c", "aXbYbZ", false],
    ["*/*", "a/b", true],
    ["*/*", "a/b/c", false],
    ["a?c", "abc", true],
    ["a?c", "a/c", false],
    ["a?c", "a\u{1f600}c", true],
    ["[a-c]x", "bx", true],
    ["[^a-c]x", "bx", false],
    ["[^a-c]x", "zx", true],
    ["[^a]", "/", true],
    ["arr[[]0].txt", "arr[0].txt", true],
    ["[\\]\\-]", "]", true],
    ["[a-\u00e9]", "\u00e8", true],
    ["[z-a]", "m", false],
    ["\\*", "*", true],
    ["\\*", "a", false],
    ["**", "ab", true],
    ["**/x", "a/b/x", false],
    ["a[", "a", undefined],
    ["[]a]", "]", undefined],
    ["[-x]", "-", undefined],
    ["[a-", "a", undefined],
    ["[a-]", "a", undefined],
    ["[\\", "a", undefined],
    ["a\\", "a", undefined],
  ])("%s on %j: %s", (pattern, name, matches) => {
    expect(goMatch(pattern, name)).toBe(matches);
  });
});

/** The same language, by the definition: try everything. */
function naive(pattern: string, name: string): boolean {
  if (pattern === "") return name === "";
  if (pattern.startsWith("**")) {
    const rest = pattern.replace(/^\*+/, "");
    const tails = Array.from({ length: name.length + 1 }, (_, at) => at);
    if (!rest.startsWith("/")) return tails.some((at) => naive(rest, name.slice(at)));
    return tails.some((at) => (at === 0 || name[at - 1] === "/") && naive(rest.slice(1), name.slice(at)));
  }
  if (pattern[0] === "*") {
    for (let at = 0; at <= name.length; at++) {
      if (naive(pattern.slice(1), name.slice(at))) return true;
      if (name[at] === "/") return false;
    }
    return false;
  }
  if (name === "") return false;
  if (pattern[0] === "?") return name[0] !== "/" && naive(pattern.slice(1), name.slice(1));
  return pattern[0] === name[0] && naive(pattern.slice(1), name.slice(1));
}

const patterns = fc.string({ unit: fc.constantFrom("a", "b", "/", "*", "**", "**/", "?"), maxLength: 9 });
const names = fc.string({ unit: fc.constantFrom("a", "b", "/"), maxLength: 9 });

test("with ** it matches what trying everything matches", () => {
  fc.assert(
    fc.property(patterns, names, (pattern, name) => {
      expect(Glob.compile(pattern, { doubleStar: true })?.matches(name)).toBe(naive(pattern, name));
    }),
    { numRuns: 3000 },
  );
});

test("a folder that holds a match is one that may", () => {
  fc.assert(
    fc.property(patterns, names, (pattern, name) => {
      const glob = Glob.compile(pattern, { doubleStar: true });
      fc.pre(glob?.matches(name) === true);
      const folders = Array.from(name.slice(0, -1).matchAll(/\//g), ({ index }) => name.slice(0, index));
      expect(folders.filter((folder) => !glob?.mayMatchBelow(folder))).toEqual([]);
    }),
    { numRuns: 3000 },
  );
});

test.each([
  ["a/*/c", "a", true],
  ["a/*/c", "a/b", true],
  ["a/*/c", "b", false],
  ["a/*/c", "a/b/c", false],
  ["a/b", "ab", false],
  ["a/b", "", true],
  ["x/**/y", "x/z", true],
  ["x/**/y", "z", false],
])("%s may match below %j: %s", (pattern, folder, expected) => {
  expect(Glob.compile(pattern, { doubleStar: true })?.mayMatchBelow(folder)).toBe(expected);
});

test("a pattern without wildcards is a literal, escapes removed", () => {
  expect(Glob.compile("a\\*/b")?.literal).toBe("a*/b");
  expect(Glob.compile("a*")?.literal).toBeUndefined();
});
