import { readdirSync } from "node:fs";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { foldLayers } from "./fold-layers.ts";
import { proveSame } from "./prove-same.ts";
import { squashLayers } from "./squash-layers.ts";
import {
  apply,
  bytesIn,
  file,
  folder,
  type Nodes,
  overlayXattrs,
  someBase,
  someLayers,
  StackLab,
  whiteout,
} from "./stack.fixture.ts";
import { treeHash } from "./tree-hash.ts";

/** Folds layers over a base (undefined: not at hand) and gives what it came to. */
function folded(lab: StackLab, own: readonly string[], base: readonly string[] | undefined) {
  const { folders, waste } = foldLayers({ stack: { own, base, overlayXattrs }, into: lab.empty() });
  return {
    waste,
    own: folders.map((path, at) => path ?? (own[at] as string)),
    anew: folders.map((path) => path !== undefined),
  };
}

function squashed(lab: StackLab, own: readonly string[], base: readonly string[] | undefined): string {
  return squashLayers({ stack: { own, base, overlayXattrs }, into: lab.empty() }).folder;
}

const listing = (layer: string): readonly string[] => readdirSync(layer, { recursive: true, encoding: "utf8" }).sort();

describe("folding", () => {
  /** Layers, bottom first, and what is in each when they were folded. */
  const cases: readonly (readonly [title: string, layers: readonly Nodes[], left: readonly (readonly string[])[]])[] = [
    [
      "a file whose mode was changed stays where it was, in a layer of its own nothing is left",
      [
        { app: folder({ big: file("content") }) },
        { app: folder({ big: file("content", { mode: 0o755 }) }, { time: 2000 }) },
      ],
      [["app", "app/big"], []],
    ],
    [
      "three times the same content",
      [{ f: file("same") }, { f: file("same", { mode: 0o700 }) }, { f: file("same", { mode: 0o711 }) }],
      [["f"], [], []],
    ],
    [
      "a file that was deleted again",
      [{ tmp: folder({ deb: file("package") }) }, { tmp: folder({ deb: whiteout }) }],
      [["tmp"], []],
    ],
    [
      "a folder that was deleted again",
      [{ x: file("x"), cache: folder({ a: file("a") }) }, { cache: whiteout }],
      [["x"], []],
    ],
    ["overwritten twice", [{ f: file("one") }, { f: file("two2") }, { f: file("three") }], [[], [], ["f"]]],
    [
      "overwritten, then changed in mode: it stays where it was written",
      [{ f: file("one") }, { f: file("two2") }, { f: file("two2", { mode: 0o700 }) }],
      [[], ["f"], []],
    ],
    [
      "a folder that was made anew (opaque)",
      [{ d: folder({ old: file("old") }) }, { d: folder({ new: file("new") }, { opaque: true }) }],
      [[], ["d", "d/new"]],
    ],
    [
      "moved: what overlayfs copied stays above, the bytes below go",
      [{ a: file("bytes") }, { a: whiteout, b: file("bytes") }],
      [[], ["b"]],
    ],
    [
      "one file with two names, both changed by one chmod",
      [{ a: file("two names", { also: "b" }) }, { a: file("two names", { also: "b", mode: 0o700 }) }],
      [["a", "b"], []],
    ],
    [
      "one of two names was changed: they are two files now, and none is there three times",
      [{ a: file("two names", { also: "b" }) }, { a: file("two names", { mode: 0o700 }) }],
      [["a", "b"], ["a"]],
    ],
    [
      "a file that got a second name when it was written again: its names stay together",
      [{ a: file("same") }, { a: file("same", { also: "b" }) }],
      [[], ["a", "b"]],
    ],
    [
      "both names were changed one by one: the old file goes",
      [
        { a: file("two names", { also: "b" }) },
        { a: file("two names", { mode: 0o700 }) },
        { b: file("two names", { mode: 0o700 }) },
      ],
      [[], ["a"], ["b"]],
    ],
    [
      "a file in place of a folder, and a folder in place of a file",
      [
        { x: folder({ f: file("f") }), y: file("y") },
        { x: file("x"), y: folder({ g: file("g") }) },
      ],
      [[], ["x", "y", "y/g"]],
    ],
    ["nothing to win: empty files and folders stay", [{ f: file("") }, { f: whiteout }], [["f"], ["f"]]],
  ];
  test.each(cases)("%s", (_title, layers, left) => {
    using lab = new StackLab();
    const own = layers.map((nodes) => lab.layer(nodes));
    const result = folded(lab, own, []);
    expect(result.own.map(listing)).toEqual(left);
    expect(apply(result.own)).toEqual(apply(own));
  });

  test("a whiteout stays where the base has the file, and where nobody knows", () => {
    using lab = new StackLab();
    const own = [lab.layer({ f: file("mine"), g: file("mine") }), lab.layer({ f: whiteout, g: whiteout })];
    const base = [lab.layer({ f: file("the base's") })];
    expect(folded(lab, own, base).own.map(listing)).toEqual([[], ["f"]]);
    expect(folded(lab, own, undefined).own.map(listing)).toEqual([[], ["f", "g"]]);
  });

  test("what a layer of the base hides of another is not there to be hidden", () => {
    using lab = new StackLab();
    const base = [
      lab.layer({ d: folder({ f: file("f") }), e: folder({ f: file("f") }) }),
      lab.layer({ d: folder({}, { opaque: true }), e: whiteout }),
    ];
    const own = [
      lab.layer({ d: folder({ f: file("mine") }), e: folder({ f: file("mine") }, { opaque: true }) }),
      lab.layer({ d: folder({ f: whiteout }), e: whiteout }),
    ];
    const result = folded(lab, own, base);
    expect(result.own.map(listing)).toEqual([["d"], []]);
    expect(apply([...base, ...result.own])).toEqual(apply([...base, ...own]));
  });

  test("a folder over a file that hid a folder of the base goes on hiding it", () => {
    using lab = new StackLab();
    const base = [lab.layer({ d: folder({ hidden: file("base") }) })];
    const own = [lab.layer({ d: file("a file in its place") }), lab.layer({ d: folder({ f: file("f") }) })];
    const result = folded(lab, own, base);
    expect(bytesIn(result.own)).toBe(1);
    expect(apply([...base, ...result.own])).toEqual(apply([...base, ...own]));
    expect(apply([...base, squashed(lab, own, base)])).toEqual(apply([...base, ...own]));
  });

  test("layers without anything in vain are left as they are", () => {
    using lab = new StackLab();
    const own = [{ a: file("a") }, { a: file("b, longer") }, { c: file("c") }].map((nodes) => lab.layer(nodes));
    expect(folded(lab, own, []).anew).toEqual([true, false, false]);
  });

  test("tells which layer did what to which", () => {
    using lab = new StackLab();
    const own = [
      lab.layer({ a: file("1234567890"), b: file("12345"), c: file("123") }),
      lab.layer({ a: file("1234567890", { mode: 0o755 }), b: whiteout, c: file("12") }),
    ];
    expect(folded(lab, own, []).waste).toEqual([
      { kind: "mode", by: 1, of: 0, bytes: 10, files: 1 },
      { kind: "deleted", by: 1, of: 0, bytes: 5, files: 1 },
      { kind: "replaced", by: 1, of: 0, bytes: 3, files: 1 },
    ]);
  });
});

describe("squashing", () => {
  test("a whiteout in a folder that was made anew is not left there, where it would be seen", () => {
    using lab = new StackLab();
    const base = [lab.layer({ d: folder({ f: file("base"), g: file("base") }) })];
    const own = [
      lab.layer({ d: folder({ f: file("f"), g: file("g") }, { opaque: true }) }),
      lab.layer({ d: folder({ f: whiteout }) }),
    ];
    for (const known of [base, undefined]) {
      const one = squashed(lab, own, known);
      expect(listing(one)).toEqual(["d", "d/g"]);
      expect(apply([...base, one])).toEqual(apply([...base, ...own]));
    }
  });
});

test("whatever the layers are, folding and squashing keep the merged tree, never add a byte, and find nothing when done again", () => {
  fc.assert(
    fc.property(someLayers, someBase, fc.boolean(), (layers, below, atHand) => {
      using lab = new StackLab();
      const bottom = below.map((nodes) => lab.layer(nodes));
      const own = layers.map((nodes) => lab.layer(nodes));
      const base = atHand ? bottom : undefined;
      const was = apply([...bottom, ...own]);

      const once = folded(lab, own, base);
      expect(apply([...bottom, ...once.own])).toEqual(was);
      expect(bytesIn(once.own)).toBe(bytesIn(own) - once.waste.reduce((sum, { bytes }) => sum + bytes, 0));
      const again = folded(lab, once.own, base);
      expect(again.waste).toEqual([]);
      expect(again.anew).toEqual(own.map(() => false));

      const one = squashed(lab, own, base);
      expect(apply([...bottom, one])).toEqual(was);
      expect(bytesIn([one])).toBeLessThanOrEqual(bytesIn(once.own));
      // The same tree by both ways, so that one folded before gives the same layer.
      expect(treeHash({ own: [one], base, overlayXattrs })).toBe(treeHash({ own: once.own, base, overlayXattrs }));
    }),
    { numRuns: 60 },
  );
});

test("the hash sees every change of a tree", () => {
  using lab = new StackLab();
  const hash = (nodes: Nodes, base: Nodes = {}): string =>
    treeHash({ own: [lab.layer({ d: folder(nodes) })], base: [lab.layer(base)], overlayXattrs });
  const trees: readonly (readonly [Nodes, Nodes?])[] = [
    [{ f: file("x") }],
    [{ f: file("y") }],
    [{ g: file("x") }],
    [{ f: file("x", { mode: 0o4755 }) }],
    [{ f: file("x", { time: 7 }) }],
    [{ f: file("x", { mark: "m" }) }],
    [{ f: file("x"), g: file("x") }],
    [{ f: file("x", { also: "g" }) }],
    [{ f: { type: "link", target: "x" } }],
    [{ f: folder({}) }],
    [{ f: folder({}) }, { d: folder({ f: folder({}) }) }],
    [{ f: whiteout }, { d: folder({ f: file("base") }) }],
    [{}],
    [{}, { d: folder({ f: file("base") }) }],
  ];
  const hashes = trees.map(([nodes, base]) => hash(nodes, base));
  expect(new Set(hashes).size).toBe(hashes.length);
});

test("layers that would not give the same files are refused", () => {
  using lab = new StackLab();
  const stack = (content: string) => ({ own: [lab.layer({ f: file(content) })], base: [], overlayXattrs }) as const;
  expect(() => proveSame(stack("as it was"), stack("otherwise"))).toThrow(
    expect.objectContaining({ code: "SLIP_INTERNAL", message: expect.stringContaining("would not be the same") }),
  );
  expect(proveSame(stack("as it was"), stack("as it was"))).toMatch(/^sha256:/);
});
