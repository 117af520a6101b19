import * as fc from "fast-check";
import { expect, test } from "vitest";
import { parseChallenges } from "./challenge.ts";

const plain = (header: string | undefined): readonly (readonly [string, Readonly<Record<string, string>>])[] =>
  parseChallenges(header).map(({ scheme, parameters }) => [scheme, Object.fromEntries(parameters)]);

test.each([
  [undefined, []],
  ["", []],
  ["Basic", [["basic", {}]]],
  [`Basic realm="a, \\"b\\""`, [["basic", { realm: `a, "b"` }]]],
  [
    `Bearer realm="https://auth.example/token",service="registry",scope="repository:a/b:pull,push"`,
    [["bearer", { realm: "https://auth.example/token", service: "registry", scope: "repository:a/b:pull,push" }]],
  ],
  [
    `Negotiate, Basic realm=x, Bearer Realm = "https://a.example" , error="invalid_token"`,
    [
      ["negotiate", {}],
      ["basic", { realm: "x" }],
      ["bearer", { realm: "https://a.example", error: "invalid_token" }],
    ],
  ],
  [`Bearer realm=""`, [["bearer", { realm: "" }]]],
  [`"`, []],
])("%s", (header, expected) => {
  expect(plain(header)).toEqual(expected);
});

test("no text of a server makes it fail or take long", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom("B", "e", "a", "=", '"', ",", "\\", " ", "\t"), maxLength: 400 }),
      (text) => {
        expect(parseChallenges(text).length).toBeLessThanOrEqual(text.length);
      },
    ),
  );
  const long = `Bearer ${"a=b, ".repeat(100_000)}`;
  const start = performance.now();
  parseChallenges(long);
  parseChallenges(`Bearer a="${"\\".repeat(100_000)}`);
  expect(performance.now() - start).toBeLessThan(500);
});
