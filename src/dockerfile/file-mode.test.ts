import { expect, test } from "vitest";
import { parseFileMode } from "./file-mode.ts";

test.each([
  ["0", 0],
  ["755", 0o755],
  ["4755", 0o4755],
  ["00644", 0o644],
  ["7777", 0o7777],
])("%s is octal", (text, expected) => {
  expect(parseFileMode(text)).toBe(expected);
});

test.each([
  "10000",
  "64a",
  "8",
  "",
  "u",
  "+7",
  "u+r,",
  ",u+r",
  "u=rw;g=r",
  "ug",
  "u+y",
  "0o755",
  "-1",
  "u=rw g=r",
  "+x\n",
])("%j is no mode", (text) => {
  expect(parseFileMode(text)).toBeUndefined();
});
