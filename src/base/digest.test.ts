import { expect, test } from "vitest";
import { canonicalJson, digestOf } from "./index.ts";

test("canonical JSON sorts keys at every depth and leaves out what is undefined", () => {
  expect(canonicalJson({ b: [{ z: 1, y: undefined }], a: null })).toBe('{"a":null,"b":[{"z":1}]}');
});

test("a member has its place whatever its name", () => {
  const labels = JSON.parse('{"__proto__":"x","constructor":"y"}') as unknown;
  expect(canonicalJson({ labels })).toBe('{"labels":{"__proto__":"x","constructor":"y"}}');
  expect(digestOf(labels)).not.toBe(digestOf({ constructor: "y" }));
});
