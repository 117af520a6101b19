import { spawnSync } from "node:child_process";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compareVersions, versionSatisfies } from "./version.ts";

/** Versions as policy 5.6.12 allows them, with what is hard among them often. */
const part = fc
  .array(fc.constantFrom("0", "1", "9", "10", "007", "a", "z", "A", "~", "~~", "+", ".", "b1", "rc"), { maxLength: 6 })
  .map((pieces) => pieces.join(""));
const version = fc
  .tuple(fc.constantFrom("", "0:", "1:", "10:"), part, fc.constantFrom("", "-0", "-1", "-1~bpo", "-1+b1", "-0ubuntu1"))
  .map(([epoch, upstream, revision]) => `${epoch}1${upstream}${revision}`);

describe("compareVersions", () => {
  test.each([
    ["1.0~rc1", "<", "1.0"],
    ["1.0~~", "<", "1.0~"],
    ["1.0", "<", "1.0+b1"],
    ["1.0a", "<", "1.0+"],
    ["9", "<", "10"],
    ["2", "<", "1:1"],
    ["1.0", "=", "1.0-0"],
    ["1.00", "=", "1.0"],
    ["0:1", "=", "1"],
    ["1.2-3-4", ">", "1.2-3-3"],
    ["1.0-1", ">", "1.0-1~deb12u1"],
    ["9007199254740993", ">", "9007199254740992"],
  ])("%s %s %s", (a, sign, b) => {
    const order = compareVersions(a, b);
    expect(Math.sign(order)).toBe({ "<": -1, "=": 0, ">": 1 }[sign]);
    expect(Math.sign(compareVersions(b, a))).toBe(-Math.sign(order) + 0);
  });

  test("is an order", () => {
    fc.assert(
      fc.property(version, version, version, (a, b, c) => {
        expect(compareVersions(a, a)).toBe(0);
        expect(Math.sign(compareVersions(a, b)) + Math.sign(compareVersions(b, a))).toBe(0);
        const [low = "", middle = "", high = ""] = [a, b, c].toSorted(compareVersions);
        expect(compareVersions(low, middle)).toBeLessThanOrEqual(0);
        expect(compareVersions(middle, high)).toBeLessThanOrEqual(0);
        expect(compareVersions(low, high)).toBeLessThanOrEqual(0);
      }),
      { numRuns: 2000 },
    );
  });

  const noDpkg = spawnSync("dpkg", ["--version"]).status !== 0;
  test.skipIf(noDpkg)(`agrees with dpkg${noDpkg ? " (no dpkg on this machine)" : ""}`, () => {
    fc.assert(
      fc.property(version, version, (a, b) => {
        const order = compareVersions(a, b);
        const operator = order < 0 ? "lt" : order > 0 ? "gt" : "eq";
        expect(spawnSync("dpkg", ["--compare-versions", a, operator, b]).status, `${a} ${operator} ${b}`).toBe(0);
      }),
      { numRuns: 300 },
    );
  });
});

test.each([
  ["1.0", "<<", "1.1", true],
  ["1.1", "<<", "1.1", false],
  ["1.1", "<=", "1.1", true],
  ["1.1", "=", "1.1-0", true],
  ["1.1", ">=", "1.2", false],
  ["1.2", ">>", "1.1", true],
  ["1.1", ">>", "1.1", false],
] as const)("versionSatisfies(%s %s %s) is %s", (a, operator, b, expected) => {
  expect(versionSatisfies(a, operator, b)).toBe(expected);
});
