import * as fc from "fast-check";
import { expect, test } from "vitest";
import { groupLayers } from "./group-layers.ts";

const sizes = new Map([
  ["bash", 6],
  ["glibc", 13],
  ["openssl", 7],
  ["zlib", 1],
]);

test.each([
  [1, 1, { glibc: 0, openssl: 0, bash: 0, zlib: 0, own: 0 }],
  [2, 2, { glibc: 0, openssl: 0, bash: 0, zlib: 0, own: 1 }],
  [3, 3, { glibc: 0, openssl: 1, bash: 1, zlib: 1, own: 2 }],
  [4, 4, { glibc: 0, openssl: 1, bash: 2, zlib: 2, own: 3 }],
  [5, 5, { glibc: 0, openssl: 1, bash: 2, zlib: 3, own: 4 }],
  [100, 5, { glibc: 0, openssl: 1, bash: 2, zlib: 3, own: 4 }],
])("with a budget of %i there are %i layers, the largest sources first", (budget, count, expected) => {
  const groups = groupLayers(sizes, budget);
  const found = Object.keys(expected).map((name) => [name, groups.layerOf(name === "own" ? undefined : name)]);
  expect([groups.count, Object.fromEntries(found)]).toEqual([count, expected]);
});

test("the budget is never exceeded, every source is in one layer, and the order they come in does not matter", () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.tuple(fc.string({ minLength: 1, maxLength: 4 }), fc.nat(50)), { selector: ([name]) => name }),
      fc.integer({ min: 1, max: 20 }),
      (entries, budget) => {
        const groups = groupLayers(new Map(entries), budget);
        const other = groupLayers(new Map(entries.toReversed()), budget);
        expect(groups.count).toBeLessThanOrEqual(budget);
        for (const source of [undefined, ...entries.map(([name]) => name)]) {
          const layer = groups.layerOf(source);
          expect(Number.isInteger(layer) && layer >= 0 && layer < groups.count).toBe(true);
          expect(other.layerOf(source)).toBe(layer);
        }
        // What the recipe writes is alone on top where there is room for a layer of it.
        if (budget > 1) for (const [name] of entries) expect(groups.layerOf(name)).toBeLessThan(groups.count - 1);
        const largest = Math.max(...entries.map(([, size]) => size));
        if (budget > 2 && entries.length > 0) {
          const inFirst = entries.filter(([name]) => groups.layerOf(name) === 0);
          expect(Math.max(...inFirst.map(([, size]) => size))).toBe(largest);
        }
      },
    ),
  );
});
