import { expect, test } from "vitest";
import { nextLink } from "./pages.ts";

test.each([
  [undefined, undefined],
  [`</v2/a/tags/list?n=1&last=b>; rel="next"`, "/v2/a/tags/list?n=1&last=b"],
  [`<https://a.example/p?x=1,2>; rel=next`, "https://a.example/p?x=1,2"],
  [`</first>; rel="first", </two>; title="a, b"; rel="prev next"`, "/two"],
  [`</first>; rel="prev"`, undefined],
  [`</a>; rel="nextone"`, undefined],
  ["nonsense", undefined],
])("%s", (header, expected) => {
  expect(nextLink(header)).toBe(expected);
});
