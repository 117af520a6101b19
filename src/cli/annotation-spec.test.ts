import { expect, test } from "vitest";
import { parseAnnotation } from "./annotation-spec.ts";

test.each([
  ["a.b=c", [{ on: "manifest", key: "a.b", value: "c" }]],
  ["a=b=c:d", [{ on: "manifest", key: "a", value: "b=c:d" }]],
  ["index:a=", [{ on: "index", platform: undefined, key: "a", value: "" }]],
  [
    "manifest[linux/arm64],index-descriptor:a=b",
    [
      { on: "manifest", platform: "linux/arm64", key: "a", value: "b" },
      { on: "index-descriptor", platform: undefined, key: "a", value: "b" },
    ],
  ],
])("--annotation %s", (text, expected) => {
  expect(parseAnnotation(text)).toEqual(expected);
});

test.each([
  ["a", "Invalid value"],
  ["index:=x", "Invalid value"],
  ["layer:a=b", 'Unknown place "layer"'],
  ["manifest[linux/*]:a=b", 'Unknown place "manifest[linux/*]"'],
])("refuses --annotation %s", (text, message) => {
  expect(() => parseAnnotation(text)).toThrow(message);
});
