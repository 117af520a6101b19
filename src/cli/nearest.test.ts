import { expect, test } from "vitest";
import { nearest } from "./nearest.ts";

const names = ["build", "images", "inspect", "run", "rmi", "du"];

test.each([
  ["buidl", "build"],
  ["bulid", "build"],
  ["image", "images"],
  ["inspct", "inspect"],
  ["rnu", "run"],
  ["rm", "rmi"],
  ["push", undefined],
  ["x", undefined],
])("%s is near %s", (given, expected) => {
  expect(nearest(given, names)).toBe(expected);
});
