import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Glob, ignoreRules, parseIgnore } from "./index.ts";
import { faultOf, markedText } from "./testing.ts";

test("a file's lines, cleaned", () => {
  const text = "\uFEFFa\r\n/b/\n\n# no\n #yes\n ./c//d/../e \n! /f/\n!  g\n*.o";
  expect(parseIgnore(text).patterns).toEqual(["a", "b", "#yes", "c/e", "!f", "!g", "*.o"]);
});

test("the rules can be made again of their patterns", () => {
  const { patterns } = parseIgnore("/a/\n!a/b\n**/*.x");
  expect(ignoreRules(patterns).patterns).toEqual(patterns);
});

describe("what is ignored", () => {
  test.each<readonly [lines: string, ignored: readonly string[], kept: readonly string[]]>([
    ["", [], ["a", ".", "/"]],
    ["a", ["a", "a/b", "a/b/c", "/a", "./a", "a/"], ["b/a", "ab", ".", ""]],
    ["*", ["a", "a/b", ".c"], [".", ""]],
    ["*/x", ["a/x", "a/x/y"], ["x", "a/b/x"]],
    ["**/x", ["x", "a/x", "a/b/x", "a/x/y"], ["ax", "a/bx"]],
    ["x/**", ["x/a", "x/a/b"], ["x", "y/x/a"]],
    ["**", ["a", "a/b"], ["."]],
    ["*.log", ["a.log", ".log"], ["a/b.log", "a.logs"]],
    ["**/*.log", ["a.log", "a/b.log"], ["a.logs"]],
    ["**.log", ["a.log", "a/b.log"], []],
    ["a/*/c", ["a/b/c"], ["a/c", "a/b/d/c"]],
    ["a/**/c", ["a/c", "a/b/c", "a/b/d/c/e"], ["c", "b/a/c"]],
    ["*\n!a", ["b", "b/a"], ["a", "a/b"]],
    ["!a\n*", ["a"], []],
    ["a\n!a/b", ["a", "a/c"], ["a/b", "a/b/c"]],
    ["a\n!a/b\na/b/c", ["a/b/c", "a/b/c/d"], ["a/b", "a/b/d"]],
    ["a/*\n!a/b", ["a/c"], ["a", "a/b"]],
    ["**\n!**/*.md\nREADME.md", ["README.md", "a/b"], ["x.md", "a/README.md"]],
    ["a?c", ["abc"], ["a/c", "ac"]],
    ["[ab]", ["a", "b"], ["c", "ab"]],
    ["\\!a", ["!a"], ["a"]],
    ["node_modules\n.git", ["node_modules/x", ".git"], ["src/node_modules", ".gitignore"]],
  ])("%j", (lines, ignored, kept) => {
    const rules = parseIgnore(lines);
    expect([...ignored, ...kept].filter((path) => rules.ignored(path))).toEqual(ignored);
  });
});

describe("which ignored folders a walk must enter", () => {
  test.each<readonly [lines: string, enter: readonly string[], skip: readonly string[]]>([
    ["a", ["b", ""], ["a", "a/b"]],
    ["*\n!a/b/c", ["", "a", "a/b", "a/b/c"], ["b", "a/c", "c/a", "a/b/d"]],
    ["*\n!a/*/c", ["a", "a/x"], ["x", "a/x/y"]],
    ["*\n!a/**/c", ["a", "a/x/y"], ["b"]],
    ["*\n!**/c", ["x", "x/y"], []],
    ["!a/b\n*", [], ["a", "a/b"]],
  ])("%j", (lines, enter, skip) => {
    const rules = parseIgnore(lines);
    expect([...enter, ...skip].filter((folder) => rules.mayContainIncluded(folder))).toEqual(enter);
  });
});

describe("what is refused", () => {
  test.each([
    ["ok\n[a", 'The ignore pattern "[a" is malformed', "[a"],
    ["a\\\nb", 'The ignore pattern "a\\\\" is malformed', "a\\"],
    ["[Local-Only]/", 'The ignore pattern "[Local-Only]/" is malformed', "[Local-Only]/"],
    ["a\n! \nb", 'The ignore pattern "!" names nothing', "! "],
  ])("%j", (text, message, marked) => {
    const fault = faultOf(() => parseIgnore(text));
    expect([fault.code, fault.message, markedText(fault)]).toEqual(["SLIP_CONTEXT", message, marked]);
  });
});

const segment = fc.constantFrom("a", "b", "c", "ab", "abc");
const path = fc.array(segment, { minLength: 1, maxLength: 4 }).map((parts) => parts.join("/"));
const pattern = fc
  .tuple(
    fc.boolean(),
    fc.array(fc.constantFrom("a", "b", "ab", "*", "**", "a*", "*b", "?", "**b"), { minLength: 1, maxLength: 4 }),
  )
  .map(([includes, parts]) => `${includes ? "!" : ""}${parts.join("/")}`);

/** The definition: the last pattern that matches the path or one of its folders decides. */
function naive(patterns: readonly string[], wanted: string): boolean {
  const parts = wanted.split("/");
  const chain = parts.map((_, index) => parts.slice(0, index + 1).join("/"));
  let ignored = false;
  for (const text of patterns) {
    const glob = Glob.compile(text.replace("!", ""), { doubleStar: true });
    if (chain.some((folder) => glob?.matches(folder))) ignored = !text.startsWith("!");
  }
  return ignored;
}

test("the rules answer as the definition does, in any order of asking", () => {
  fc.assert(
    fc.property(
      fc.array(pattern, { maxLength: 6 }),
      fc.array(path, { minLength: 1, maxLength: 12 }),
      (patterns, paths) => {
        const rules = ignoreRules(patterns);
        expect(paths.map((one) => rules.ignored(one))).toEqual(paths.map((one) => naive(patterns, one)));
      },
    ),
    { numRuns: 2000 },
  );
});

test("a folder that holds something included is always entered", () => {
  fc.assert(
    fc.property(fc.array(pattern, { maxLength: 6 }), path, (patterns, wanted) => {
      const rules = ignoreRules(patterns);
      fc.pre(!rules.ignored(wanted));
      for (let at = wanted.indexOf("/"); at !== -1; at = wanted.indexOf("/", at + 1)) {
        expect(rules.mayContainIncluded(wanted.slice(0, at))).toBe(true);
      }
    }),
    { numRuns: 2000 },
  );
});

test("100,000 paths take little more than reading them", () => {
  const paths = Array.from(
    { length: 100_000 },
    (_, at) => `src/p${at % 100}/q${at % 1000}/file${at}.${at % 3 ? "ts" : "o"}`,
  );
  const rules = parseIgnore(
    [
      "node_modules",
      "**/node_modules",
      ".git",
      "dist/**",
      "*.log",
      "**/*.o",
      "!src/p1/**",
      "docs/*.md",
      "**/tmp*",
      "a/**/b",
    ].join("\n"),
  );
  const once = (work: (path: string) => unknown): number => {
    const start = performance.now();
    for (const one of paths) work(one);
    return performance.now() - start;
  };
  const best = (work: (path: string) => unknown): number => Math.min(once(work), once(work), once(work), once(work));
  // The yardstick touches every character of every path once, in plain code.
  const yardstick = best((one) => {
    let sum = 0;
    for (let at = 0; at < one.length; at++) sum += one.charCodeAt(at);
    return sum;
  });
  expect(best((one) => rules.ignored(one)) / yardstick).toBeLessThan(60);
});
