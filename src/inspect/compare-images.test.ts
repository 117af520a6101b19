import { expect, test } from "vitest";
import { compareImages } from "./compare-images.ts";
import type { ImageInspection } from "./contract.ts";

function image(name: string, size: number, packages: readonly string[]): ImageInspection {
  return {
    name,
    id: `sha256:${"0".repeat(64)}`,
    size,
    layers: 1,
    files: 0,
    links: 0,
    folders: 0,
    packages: packages.map((item) => ({ name: item, version: "1", manager: "dpkg" })),
    shells: [],
    packageManagers: [],
    compilers: [],
    setuid: [],
    user: "",
    largest: [],
    notes: [],
  };
}

test("the ratio and the packages that only one image has", () => {
  const single = image("single", 600, ["bash", "golang", "libc6"]);
  const multi = image("multi", 2, ["tzdata", "libc6"]);
  expect(compareImages(single, multi)).toEqual({
    a: single,
    b: multi,
    ratio: 300,
    packagesOnlyInA: ["bash", "golang"],
    packagesOnlyInB: ["tzdata"],
  });
});

test("an image without bytes gives the ratio 0, which JSON can say", () => {
  expect(compareImages(image("a", 5, []), image("b", 0, [])).ratio).toBe(0);
});
