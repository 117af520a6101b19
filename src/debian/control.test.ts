import { expect, test } from "vitest";
import { parseStanzas } from "./control.ts";

test("reads stanzas with folded fields, comments and any case of names", () => {
  const text = "# a comment\nPackage: a\nDESCRIPTION: first\n second\n  indented\n .\n\n\nPackage: b\r\nX: 1\r\n";
  expect(parseStanzas(text).map((stanza) => Object.fromEntries(stanza))).toEqual([
    { package: "a", description: "first\nsecond\n indented\n." },
    { package: "b", x: "1" },
  ]);
});

test("the first of two fields counts, with its own continuation only", () => {
  const [stanza] = parseStanzas("A: 1\n one\nA: 2\n two\n");
  expect(stanza?.get("a")).toBe("1\none");
});

test("nothing has no stanzas", () => {
  expect(parseStanzas("\n \n# only this\n")).toEqual([]);
});
