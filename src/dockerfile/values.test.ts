import { expect, test } from "vitest";
import { parseByteSize, parseGoDuration } from "../base/index.ts";
import { csvFields } from "./instructions/csv-fields.ts";

test.each([
  ["0", 0],
  ["1ns", 1],
  ["1.5s", 1_500_000_000],
  ["1h1m1s1ms1us1ns", 3_661_001_001_001],
  [".5m", 30_000_000_000],
  ["2.s", 2_000_000_000],
  ["+3\u00b5s", 3000],
  ["-1ms", -1_000_000],
  ["", undefined],
  ["5", undefined],
  ["s", undefined],
  [".s", undefined],
  ["1 s", undefined],
  ["1d", undefined],
  ["--1s", undefined],
  ["9999999h", undefined],
])("duration %j is %s ns", (text, expected) => {
  expect(parseGoDuration(text)).toBe(expected);
});

test.each([
  ["0", 0],
  ["1024", 1024],
  ["64k", 65_536],
  ["1.5G", 1_610_612_736],
  ["2MiB", 2_097_152],
  ["2 MB", 2_097_152],
  ["", undefined],
  ["-1", undefined],
  ["1x", undefined],
  ["k", undefined],
  ["9999999p", undefined],
])("size %j is %s bytes", (text, expected) => {
  expect(parseByteSize(text)).toBe(expected);
});

test.each([
  ["", [""]],
  ["a,b", ["a", "b"]],
  ["a,", ["a", ""]],
  ['"a,b",c', ["a,b", "c"]],
  ['"a""b"', ['a"b']],
  ['a"b', undefined],
  ['"a', undefined],
  ['"a"b', undefined],
])("fields of %j", (text, expected) => {
  expect(csvFields(text)).toEqual(expected);
});
