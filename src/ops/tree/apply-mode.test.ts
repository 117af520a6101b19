import { expect, test } from "vitest";
import { parseFileMode } from "../../dockerfile/index.ts";
import { applyMode } from "./apply-mode.ts";

const after = (change: string, before: number, isFolder = false): string =>
  applyMode(parseFileMode(change), before, isFolder).toString(8);

// What chmod(1) of the BSDs gives with no umask.
test.each([
  ["u=rwX,go=rX", 0o640, "644"],
  ["u=rwX,go=rX", 0o700, "755"],
  ["+x", 0o644, "755"],
  ["a+x", 0o644, "755"],
  ["g=u", 0o740, "770"],
  ["go-w", 0o666, "644"],
  ["go=", 0o777, "700"],
  ["go=u-w", 0o750, "755"],
  ["u+rw,g+r,o-x,o+w", 0o124, "766"],
  ["a+X", 0o666, "666"],
  ["a+X", 0o661, "771"],
  ["u=rw,g=r,o=r", 0o777, "644"],
  ["=rw,+X", 0o755, "777"],
  ["a=r,u+w", 0o777, "644"],
  ["u-x+w", 0o555, "655"],
  ["u+s", 0o755, "4755"],
  ["g+s", 0o755, "2755"],
  ["o+s", 0o755, "755"],
  ["+s", 0o755, "6755"],
  ["u=rwx", 0o4755, "755"],
  ["u=g", 0o4750, "4550"],
  ["+t", 0o755, "1755"],
  ["o+t", 0o755, "755"],
  ["o=u,u=", 0o700, "7"],
  ["a-X", 0o755, "644"],
  ["ug+rX,o=g", 0o600, "644"],
])("%s of %o is %s", (change, before, expected) => {
  expect(after(change, before)).toBe(expected);
});

test.each([
  ["u=rwX,go=rX", 0o700, "755"],
  ["a+X", 0o600, "711"],
  ["a-x", 0o755, "644"],
  ["-x,+X", 0o755, "755"],
])("%s of a folder of %o is %s", (change, before, expected) => {
  expect(after(change, before, true)).toBe(expected);
});

test("octal bits stand for all, and without a change all stay", () => {
  expect([after("640", 0o4777), applyMode(undefined, 0o4711, false).toString(8)]).toEqual(["640", "4711"]);
});
