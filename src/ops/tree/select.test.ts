import { chmodSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { checksumSources } from "./checksum.ts";
import { context, copy, folder, mode, tree, write } from "./copy.fixture.ts";
import { resolveInRoot } from "./root-path.ts";
import { selectSource } from "./select.ts";
import { openTree } from "./tree.ts";

describe("what is found", () => {
  const select = (source: string, ignore: readonly string[] = []): readonly string[] =>
    selectSource(openTree(context(ignore)), source).map(({ path }) => path);

  test("a pattern may match nothing, does not follow links on its way, and takes a backslash alone as it stands", async () => {
    write("src", { "d/a": "A", link: "-> d", "back\\slash": "B", "*": "star" });
    expect([select("no*"), select("l*/a"), select("*/a")]).toEqual([[], [], ["d/a"]]);
    expect([select("back\\slash"), select("\\*[*]")]).toEqual([["back\\slash"], []]);
    expect(select("[*]")).toEqual(["*"]);
    expect((await copy(["no*"], "/to")).unmatched).toEqual(["no*"]);
    expect(tree()).toEqual({});
  });

  test.each(["a[", "no/where*", "l*"])("%s is an error", (source) => {
    write("src", { lost: "-> nowhere" });
    expect(() => select(source)).toThrow(/malformed|path not found/);
  });

  test("ignored files are not there, and the message says why", async () => {
    write("src", { "node_modules/x": "", "a.log": "", "keep.log": "" });
    expect(select("*.log", ["*.log", "!keep.log"])).toEqual(["keep.log"]);
    try {
      select("a.log", ["*.log"]);
      expect.unreachable();
    } catch (error) {
      expect(error).toMatchObject({ code: "SLIP_COPY_NOT_FOUND", hint: "it is there, but .dockerignore excludes it" });
    }
  });

  test("an ignored folder counts when something in it is taken in again", async () => {
    write("src", { "d/a": "A", "d/b/c": "C" });
    await copy(["d"], "/x", { tree: context(["d", "!d/b/c"]) });
    expect(tree()).toEqual({ "x/": "", "x/b/": "", "x/b/c": "C" });
  });

  test("a name that is not there comes with those that are like it", () => {
    write("src", { "main.go": "", "other.txt": "" });
    expect(() => select("Main.go")).toThrow("path not found in the build context");
    try {
      select("main.g");
    } catch (error) {
      expect((error as { hint: string }).hint).toContain('"main.go"');
    }
  });
});

describe("COPY --parents", () => {
  const files = {
    "x/a.txt": "1",
    "x/b.md": "2",
    "x/y/c.txt": "3",
    "x/y/z/d.txt": "4",
    "x2/y/c.txt": "5",
    "link-target/file": "6",
    link: "-> link-target",
  };
  test.each([
    ["a path keeps its folders", ["x/y/c.txt"], ["x/", "x/y/", "x/y/c.txt"]],
    ["what is in front of the pivot is not kept", ["x/./y/c.txt"], ["y/", "y/c.txt"]],
    ["only the first pivot counts", ["x/./y/./z"], ["y/", "y/z/", "y/z/d.txt"]],
    ["a folder comes with all that is in it", ["./x/y/"], ["x/", "x/y/", "x/y/c.txt", "x/y/z/", "x/y/z/d.txt"]],
    ["a star stays in its folder", ["x/*.txt"], ["x/", "x/a.txt"]],
    [
      "two stars reach through folders, and none",
      ["x/**/*.txt"],
      ["x/", "x/a.txt", "x/y/", "x/y/c.txt", "x/y/z/", "x/y/z/d.txt"],
    ],
    ["a pattern in front of the pivot", ["x*/./y/c.txt"], ["y/", "y/c.txt"]],
    ["all of the folder where nothing stands behind the pivot", ["x/y/./"], ["c.txt", "z/", "z/d.txt"]],
    ["several sources come together", ["x/a.txt", "x/y/c.txt"], ["x/", "x/a.txt", "x/y/", "x/y/c.txt"]],
    ["a pattern without a match takes nothing", ["x/*.nothing"], []],
    ["a link is taken as a link", ["li*k"], ["link"]],
  ])("%s", async (_what, sources, expected) => {
    write("src", files);
    await copy(sources, "/to", { parents: true });
    expect(Object.keys(tree())).toEqual(["to/", ...expected.map((path) => `to/${path}`)]);
  });

  test("folders on the way keep their modes, and get what is asked for", async () => {
    write("src", files);
    chmodSync(join(folder, "src/x"), 0o700);
    await copy(["x/y/c.txt"], "/kept", { parents: true });
    await copy(["x/y/c.txt"], "/asked", { parents: true, mode: 0o711 });
    expect(["kept", "kept/x", "kept/x/y"].map((path) => mode(`dst/${path}`))).toEqual(["755", "700", "755"]);
    expect(["asked", "asked/x", "asked/x/y"].map((path) => mode(`dst/${path}`))).toEqual(["711", "711", "711"]);
  });

  test.each([["x/nothing"], ["x/./nothing"], ["nothing/./x"], ["link/file"]])("%s is not found", async (source) => {
    write("src", files);
    await expect(copy([source], "/to", { parents: true })).rejects.toMatchObject({ code: "SLIP_COPY_NOT_FOUND" });
  });

  test("what is excluded is left out, also below what is named", async () => {
    write("src", files);
    const excludes = ["**/z", "x/b.md"];
    await copy(["x"], "/to", { parents: true, excludes });
    expect(Object.keys(tree())).toEqual(["to/", "to/x/", "to/x/a.txt", "to/x/y/", "to/x/y/c.txt"]);
  });

  test("the checksum counts what is taken, and nothing beside it", () => {
    write("src", files);
    const sum = (sources: readonly string[]): string | undefined =>
      checksumSources({ tree: context(), sources, parents: true, ignoreOwner: false, ignoreMode: false })?.digest;
    const before = sum(["x/**/*.txt"]);
    write("src", { "x/b.md": "changed", "x2/y/c.txt": "changed" });
    expect(sum(["x/**/*.txt"])).toBe(before);
    write("src", { "x/y/c.txt": "changed" });
    expect(sum(["x/**/*.txt"])).not.toBe(before);
    expect(() => sum(["x/nothing"])).toThrow("path not found");
  });
});

describe("COPY --exclude", () => {
  const files = { "d/a.txt": "", "d/b.md": "", "d/e/c.txt": "", "d/e/keep.txt": "", "e.txt": "", "f.md": "" };
  test.each([
    ["in the folder itself", ["d"], ["*.txt"], ["b.md", "e/", "e/c.txt", "e/keep.txt"]],
    ["in all folders", ["d"], ["**/*.txt"], ["b.md", "e/"]],
    ["a folder with all in it", ["d"], ["e"], ["a.txt", "b.md"]],
    ["a folder but for what is taken back", ["d"], ["e", "!e/keep.txt"], ["a.txt", "b.md", "e/", "e/keep.txt"]],
    ["several patterns", ["d"], ["*.txt", "*.md"], ["e/", "e/c.txt", "e/keep.txt"]],
    ["files that a pattern finds, by their names", ["*.*"], ["*.txt"], ["f.md"]],
    ["files that are named", ["e.txt", "f.md"], ["e*"], ["f.md"]],
    ["everything: the folder is there and empty", ["d"], ["*"], []],
    [
      "what begins with a slash names nothing",
      ["d"],
      ["/a.txt", "/e"],
      ["a.txt", "b.md", "e/", "e/c.txt", "e/keep.txt"],
    ],
  ])("leaves out %s", async (_what, sources, excludes, expected) => {
    write("src", files);
    await copy(sources, "/to/", { excludes });
    expect(Object.keys(tree())).toEqual(["to/", ...expected.map((path) => `to/${path}`)]);
  });

  test("what is left out does not count in the checksum", () => {
    write("src", files);
    const sum = (): string | undefined =>
      checksumSources({ tree: context(), sources: ["d"], excludes: ["e"], ignoreOwner: false, ignoreMode: false })
        ?.digest;
    const before = sum();
    write("src", { "d/e/c.txt": "changed" });
    expect(sum()).toBe(before);
    write("src", { "d/a.txt": "changed" });
    expect(sum()).not.toBe(before);
  });
});

test.each([
  ["a/b", {}, "a/b"],
  ["/a/../../b", {}, "b"],
  ["l/x", { l: "-> /deep/er" }, "deep/er/x"],
  ["a/l", { "a/l": "-> ../../../../b" }, "b"],
  ["l1", { l1: "-> l2", l2: "-> end" }, "end"],
])("%s in a root ends at %s", (path, files, expected) => {
  write("dst", files);
  expect(resolveInRoot(join(folder, "dst"), path, true)).toBe(expected);
});

test("a loop of links is an error", () => {
  write("dst", { a: "-> b", b: "-> a" });
  expect(() => resolveInRoot(join(folder, "dst"), "a", true)).toThrow("too many symbolic links");
});
