import { expect, test } from "vitest";
import { matchesPattern, splitName } from "./names.ts";
import { table } from "./table.ts";
import { printable, printableLines, truncate, width, wrap } from "./text.ts";

test("text from outside loses everything that moves a cursor or turns the reading direction", () => {
  expect(printable("\u001b[31mred\u001b[0m\u001b]0;title\u0007\tx\b\u009b2J\u202e!")).toBe("red    x!");
  expect(printableLines("10%\r100%\r\nnext\n")).toBe("100%\nnext\n");
});

test("width, in columns of a terminal", () => {
  expect(width("abc")).toBe(3);
  expect(width("日本")).toBe(4);
  expect(width("e\u0301✔")).toBe(2);
});

test.each([
  ["short", 10, "short"],
  ["exactly ten", 11, "exactly ten"],
  ["exactly ten", 10, "exactly t…"],
  ["日本語", 4, "日…"],
  ["abc", 1, "…"],
  ["abc", 0, ""],
])("%j in %d columns is %j", (text, columns, expected) => {
  expect(truncate(text, columns)).toBe(expected);
});

test("wraps between words", () => {
  expect(wrap("one two three", 8)).toEqual(["one two", "three"]);
  expect(wrap("incomprehensible word", 4)).toEqual(["incomprehensible", "word"]);
});

test("a table's columns fit the widest cell", () => {
  expect(
    table([
      ["NAME", "SIZE"],
      ["日本", "1B"],
      ["longer name", ""],
    ]),
  ).toBe("NAME          SIZE\n日本          1B\nlonger name\n");
});

test.each([
  [undefined, ["<none>", "<none>"]],
  ["app:1.0", ["app", "1.0"]],
  ["host:5000/app", ["host:5000/app", "<none>"]],
  ["host:5000/app:1", ["host:5000/app", "1"]],
  ["app:1@sha256:abc", ["app", "1"]],
])("%s in two parts", (name, parts) => {
  expect(splitName(name)).toEqual(parts);
});

test("patterns do not cross a slash, and dots are dots", () => {
  expect(matchesPattern("calculator", "calc*")).toBe(true);
  expect(matchesPattern("a/b", "*")).toBe(false);
  expect(matchesPattern("axb", "a.b")).toBe(false);
  expect(matchesPattern("a[b", "a[b")).toBe(true);
});
