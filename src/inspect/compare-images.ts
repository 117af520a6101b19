import type { Comparison, ImageInspection } from "./contract.ts";

/** Sets two images side by side: ratio of sizes and the packages that only one of them has. */
export function compareImages(a: ImageInspection, b: ImageInspection): Comparison {
  return {
    a,
    b,
    ratio: b.size === 0 ? 0 : a.size / b.size,
    packagesOnlyInA: onlyIn(a, b),
    packagesOnlyInB: onlyIn(b, a),
  };
}

function onlyIn(a: ImageInspection, b: ImageInspection): readonly string[] {
  const others = new Set(b.packages.map(({ name }) => name));
  return [...new Set(a.packages.map(({ name }) => name))].filter((name) => !others.has(name)).sort();
}
