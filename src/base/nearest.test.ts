import { expect, test } from "vitest";
import { didYouMean, nearestNames } from "./nearest.ts";

test.each([
  ["biuld", ["build", "test"], ["build"]],
  ["buld", ["build", "bold", "x"], ["bold", "build"]],
  ["--pul", ["--push", "--pull"], ["--pull"]],
  ["x", ["y"], ["y"]],
  ["something", ["else"], []],
  ["RNU", ["RUN", "USER"], ["RUN"]],
  ["entrypoit", ["ENTRYPOINT", "USER"], ["ENTRYPOINT"]],
  ["rm", ["rmi", "run", "du"], ["rmi"]],
  ["image", ["images", "inspect"], ["images"]],
  ["NOTHING", ["RUN", "WORKDIR"], []],
  ["libssl", ["libssl3", "libssh", "libffi"], ["libssh", "libssl3"]],
])("%s is near %j: %j", (wanted, names, expected) => {
  expect(nearestNames(wanted, names)).toEqual(expected);
});

test("a guess is a question", () => {
  expect(didYouMean("biuld", ["build"])).toBe('did you mean "build"?');
  expect(didYouMean("zzz", ["build"])).toBeUndefined();
});
