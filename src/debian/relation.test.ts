import { expect, test } from "vitest";
import { formatRelation, parseRelations } from "./relation.ts";

test("reads groups, alternatives, qualifiers and versions", () => {
  const groups = parseRelations("libc6 (>= 2.36), python3:any | python3-minimal (<< 3.12),perl:amd64(=5.36.0-7)");
  expect(groups).toEqual([
    [{ name: "libc6", qualifier: undefined, operator: ">=", version: "2.36" }],
    [
      { name: "python3", qualifier: "any", operator: undefined, version: undefined },
      { name: "python3-minimal", qualifier: undefined, operator: "<<", version: "3.12" },
    ],
    [{ name: "perl", qualifier: "amd64", operator: "=", version: "5.36.0-7" }],
  ]);
});

test("the old operators mean what policy says", () => {
  expect(parseRelations("a (< 1), b (> 2)").map(([relation]) => relation?.operator)).toEqual(["<=", ">="]);
});

test("an empty field has no groups, an unreadable alternative is left out", () => {
  expect(parseRelations("")).toEqual([]);
  expect(parseRelations("a | %%% , b,").map((group) => group.length)).toEqual([1, 1]);
});

test.each(["libc6", "libc6 (>= 2.36)", "python3:any", "perl:any (<< 5.37)"])("%s is written as it was read", (text) => {
  expect(parseRelations(text).flat().map(formatRelation)).toEqual([text]);
});
