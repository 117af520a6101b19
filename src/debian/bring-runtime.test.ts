import { mkdirSync, readdirSync, utimesSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { FakeArchive, makeDeb, options } from "../../test/support/fake-archive.ts";
import { tempFolder } from "../../test/support/store-lab.ts";
import { bringRuntime, broughtRuntime, renewRuntime } from "./bring-runtime.ts";

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

test("a runtime is renewed when the archive has a newer one, after a day, and never brought by that", async () => {
  const archive = await FakeArchive.start();
  const publish = async (version: string): Promise<void> => {
    const deb = await makeDeb({
      control: { control: `Package: crun\nVersion: ${version}\n` },
      data: { "usr/bin/crun": version },
    });
    await archive.publishAll([{ name: "crun", version, deb }]);
  };
  const into = join(tempFolder(), "runtime");
  const given = { ...options(archive), into, maxAge: 0 } as const;
  const aged = (tree: string, days: number): void => {
    const then = Date.now() / 1000 - days * 24 * 3600;
    for (const path of [dirname(tree), join(dirname(tree), "packages")]) utimesSync(path, then, then);
  };
  await publish("1.9-1");
  expect(await renewRuntime(given)).toBeUndefined();
  const first = await bringRuntime(given);
  await publish("1.10-1");
  const asked = archive.requests.length;
  expect(await renewRuntime(given), "looked at today").toBeUndefined();
  expect(archive.requests.length).toBe(asked);
  aged(first, 2);
  const second = await renewRuntime(given);
  expect(second).toBe(`${into}/crun-1.10-1-amd64/tree`);
  expect(await broughtRuntime(given)).toBe(second);
  // who runs from the old one keeps it for a day
  expect(readdirSync(into).sort()).toEqual(["crun-1.10-1-amd64", "crun-1.9-1-amd64"]);
  aged(first, 2);
  aged(second as string, 2);
  expect(await renewRuntime(given), "the archive has no newer one").toBeUndefined();
  expect(readdirSync(into)).toEqual(["crun-1.10-1-amd64"]);
});
