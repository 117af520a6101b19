import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { tempFolder } from "../../test/support/store-lab.ts";
import { broughtRuntime } from "./bring-runtime.ts";

test("a runtime that was brought is found for its architecture, the newest; half-brought ones are not", async () => {
  const into = join(tempFolder(), "runtime");
  expect(await broughtRuntime({ into, arch: "amd64" })).toBeUndefined();
  for (const name of [
    ".bring-1-x",
    "crun-1.8.1-1-amd64",
    "crun-1.8.2-1-amd64",
    "crun-1.8.2~rc1-1-amd64",
    "crun-1.9-1-arm64",
  ])
    mkdirSync(join(into, name), { recursive: true });
  expect(await broughtRuntime({ into, arch: "amd64" })).toBe(`${into}/crun-1.8.2-1-amd64/tree`);
  expect(await broughtRuntime({ into, arch: "arm64" })).toBe(`${into}/crun-1.9-1-arm64/tree`);
});

test.each([
  [["1.9-1", "1.10-1"], "1.10-1"],
  [["1.9-1", "1_1.2-1"], "1_1.2-1"],
  [["1.8.1-1+deb12u1", "1.8.1-1"], "1.8.1-1+deb12u1"],
])("of %j the newest is what Debian orders last", async (versions, newest) => {
  const into = join(tempFolder(), "runtime");
  for (const version of versions) mkdirSync(join(into, `crun-${version}-amd64`), { recursive: true });
  expect(await broughtRuntime({ into, arch: "amd64" })).toBe(`${into}/crun-${newest}-amd64/tree`);
});
