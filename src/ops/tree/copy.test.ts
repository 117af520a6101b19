import {
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { makeNode, setXattr } from "../../base/syscalls.ts";
import { checksumSources } from "./checksum.ts";
import { parseFileMode } from "../../dockerfile/index.ts";
import { type CopyReport, type CopyRequest, copySources } from "./copy.ts";
import { resolveInRoot } from "./root-path.ts";
import { selectSource } from "./select.ts";
import { openTree, type TreeSpec } from "./tree.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "slipway-copy-"));
  for (const name of ["src", "dst"]) mkdirSync(join(folder, name));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Path -> content; `-> target` makes a link, a trailing slash a folder. */
function write(where: "src" | "dst", files: Readonly<Record<string, string>>): void {
  for (const [path, content] of Object.entries(files)) {
    const absolute = join(folder, where, path);
    mkdirSync(path.endsWith("/") ? absolute : dirname(absolute), { recursive: true });
    if (path.endsWith("/")) continue;
    if (content.startsWith("-> ")) symlinkSync(content.slice(3), absolute);
    else writeFileSync(absolute, content);
  }
}

function tree(where: string = join(folder, "dst"), below = ""): Record<string, string> {
  const found: Record<string, string> = {};
  for (const name of readdirSync(join(where, below)).sort()) {
    const path = join(below, name);
    const stat = lstatSync(join(where, path));
    if (stat.isSymbolicLink()) found[path] = `-> ${readlinkSync(join(where, path))}`;
    else if (stat.isDirectory()) Object.assign(found, { [`${path}/`]: "" }, tree(where, path));
    else found[path] = readFileSync(join(where, path), "utf8");
  }
  return found;
}

const context = (ignore: readonly string[] = []) => ({
  root: join(folder, "src"),
  ignore,
  client: true,
  label: "the build context",
});
const stage = () => ({ ...context(), client: false, label: "stage build" });

async function copy(
  sources: readonly string[],
  destination: string,
  { tree: from = context(), ...more }: Partial<CopyRequest> & { readonly tree?: TreeSpec } = {},
): Promise<CopyReport> {
  return copySources({
    sources: sources.map((path) => ({ type: "path", tree: from, path })),
    root: join(folder, "dst"),
    destination,
    squashOwners: process.getuid?.() !== 0,
    ...more,
  });
}

const mode = (path: string): string => (lstatSync(join(folder, path)).mode & 0o7777).toString(8);

describe("where a copy goes", () => {
  test.each([
    ["a file to a new name", ["a"], "/x/y", { "x/": "", "x/y": "A" }],
    ["a file into a folder named with a slash", ["a"], "/x/", { "x/": "", "x/a": "A" }],
    ["a folder gives its content", ["d"], "/x", { "x/": "", "x/b": "B", "x/e/": "", "x/e/c": "C" }],
    ["all of the context", ["."], "/", { a: "A", "d/": "", "d/b": "B", "d/e/": "", "d/e/c": "C", link: "-> a" }],
    ["several into a folder", ["a", "d/b"], "/x/", { "x/": "", "x/a": "A", "x/b": "B" }],
    ["a pattern", ["d/?"], "/x/", { "x/": "", "x/b": "B", "x/c": "C" }],
    ["a link that is named is followed", ["link"], "/x", { x: "A" }],
    ["a path that leaves the context stays in it", ["../../a"], "/x", { x: "A" }],
  ])("%s", async (_what, sources, destination, expected) => {
    write("src", { a: "A", "d/b": "B", "d/e/c": "C", link: "-> a" });
    await copy(sources, destination);
    expect(tree()).toEqual(expected);
  });

  test("a file goes into a folder that is there, under its own name", async () => {
    write("src", { a: "A" });
    write("dst", { "x/old": "O" });
    await copy(["a"], "/x");
    expect(tree()).toEqual({ "x/": "", "x/old": "O", "x/a": "A" });
  });

  test("links in the destination are followed inside the root, whatever they say", async () => {
    write("src", { a: "A" });
    write("dst", { "usr/bin/": "", bin: "-> usr/bin", out: "-> /../../../etc", up: "-> ../../.." });
    await copy(["a"], "/bin/a");
    await copy(["a"], "/out/b");
    await copy(["a"], "/up/c");
    expect(tree()).toMatchObject({ "usr/bin/a": "A", "etc/b": "A", c: "A", bin: "-> usr/bin" });
  });

  test("links in a copied folder stay links, also those that point out of it", async () => {
    write("src", { "d/l": "-> /etc/passwd", "d/m": "-> ../../.." });
    await copy(["d"], "/x");
    expect(tree()).toEqual({ "x/": "", "x/l": "-> /etc/passwd", "x/m": "-> ../../.." });
  });

  test("a named link out of the context is looked for inside of it", async () => {
    write("src", { evil: "-> /etc/passwd" });
    await expect(copy(["evil"], "/x")).rejects.toMatchObject({ code: "SLIP_COPY_NOT_FOUND" });
    expect(tree()).toEqual({});
  });

  test("a file replaces a file and a link, not what the link names", async () => {
    write("src", { "d/a": "new", "d/b": "new" });
    write("dst", { "x/a": "old", "x/b": "-> target", "x/target": "kept" });
    await copy(["d"], "/x");
    expect(tree()).toEqual({ "x/": "", "x/a": "new", "x/b": "new", "x/target": "kept" });
  });

  test("a folder onto a file and a file onto a full folder are refused", async () => {
    write("src", { "d/a/b": "", "f/a": "" });
    write("dst", { "x/a": "file", "y/a/full": "" });
    await expect(copy(["d"], "/x")).rejects.toMatchObject({ code: "SLIP_COPY_DESTINATION" });
    await expect(copy(["f"], "/y")).rejects.toMatchObject({ code: "SLIP_COPY_DESTINATION" });
    await expect(copy(["f/a"], "/x/a/b")).rejects.toMatchObject({ code: "SLIP_COPY_DESTINATION" });
  });

  test("a file onto an empty folder is refused too, and so is an inline one", async () => {
    write("src", { "f/a": "" });
    write("dst", { "y/a/": "" });
    const refused = { code: "SLIP_COPY_DESTINATION", hint: expect.stringContaining("remove the folder") };
    await expect(copy(["f"], "/y")).rejects.toMatchObject(refused);
    const sources = [{ type: "inline", name: "a", content: "" }] as const;
    await expect(copy([], "/y/", { sources })).rejects.toMatchObject(refused);
  });

  test("folders that have to be made get octal bits, and 0755 with symbolic changes", async () => {
    write("src", { a: "A" });
    await copy(["a"], "/octal/deep/a", { mode: 0o4700 });
    await copy(["a"], "/symbolic/deep/a", { mode: parseFileMode("u=rwx,go=") ?? 0 });
    const paths = ["octal", "octal/deep", "octal/deep/a", "symbolic", "symbolic/deep", "symbolic/deep/a"];
    expect(paths.map((path) => mode(`dst/${path}`))).toEqual(["700", "700", "4700", "755", "755", "700"]);
  });

  test("the destination of a folder takes its time", async () => {
    write("src", { "d/a": "" });
    write("dst", { "old/": "" });
    utimesSync(join(folder, "src/d"), 3, 3.5);
    await copy(["d"], "/new");
    await copy(["d"], "/old");
    expect(["new", "old"].map((path) => lstatSync(join(folder, "dst", path)).mtimeMs)).toEqual([3500, 3500]);
  });

  test("one time for all that is made, where it is asked for", async () => {
    write("src", { "d/a": "", "d/l": "-> a", "d/e/b": "" });
    await copy(["d"], "/new/place", { time: 1_000_000_000 });
    const paths = ["new", "new/place", "new/place/a", "new/place/l", "new/place/e", "new/place/e/b"];
    const times = paths.map((path) => lstatSync(join(folder, "dst", path)).mtimeMs);
    // A folder's time changes when something is put into it.
    expect(times.slice(1)).toEqual(paths.slice(1).map(() => 1e12));
  });
});

describe("what a copy keeps", () => {
  test("a hard link goes with its own content where an earlier copy of its file was replaced", async () => {
    write("src", { "one/x": "linked", "two/x": "other", "two/z": "Z", a: "A" });
    linkSync(join(folder, "src/one/x"), join(folder, "src/two/y"));
    linkSync(join(folder, "src/a"), join(folder, "src/b"));
    await copy(["one", "two"], "/");
    expect(tree()).toEqual({ x: "other", y: "linked", z: "Z" });
    // As for BuildKit, names in one folder stay one file, and those of two sources do not.
    await copy(["a", "[ab]"], "/twice/");
    expect(tree()).toMatchObject({ "twice/a": "A", "twice/b": "A" });
    expect(lstatSync(join(folder, "dst/twice/a")).nlink).toBe(1);
  });

  test("modes, times to the nanosecond, and hard links", async () => {
    write("src", { "d/a": "A", "d/big": "x".repeat(600_000) });
    linkSync(join(folder, "src/d/a"), join(folder, "src/d/twin"));
    chmodSync(join(folder, "src/d/a"), 0o4751);
    chmodSync(join(folder, "src/d/big"), 0o666);
    utimesSync(join(folder, "src/d/a"), 1, 1.5);
    utimesSync(join(folder, "src/d"), 2, 2.25);
    await copy(["."], "/x");
    expect([mode("dst/x/d/a"), mode("dst/x/d/big")]).toEqual(["4751", "666"]);
    expect(lstatSync(join(folder, "dst/x/d/a")).ino).toBe(lstatSync(join(folder, "dst/x/d/twin")).ino);
    expect(lstatSync(join(folder, "dst/x/d/a")).mtimeMs).toBe(1500);
    expect(lstatSync(join(folder, "dst/x/d")).mtimeMs).toBe(2250);
    expect(readFileSync(join(folder, "dst/x/d/big")).length).toBe(600_000);
  });

  test.runIf(process.getuid?.() === 0)("owners are set when asked for, parents included", async () => {
    write("src", { a: "A", "d/b": "B" });
    await copy(["d", "a"], "/new/place/", { owner: { uid: 12, gid: 34 }, mode: 0o640 });
    for (const path of ["dst/new", "dst/new/place", "dst/new/place/a", "dst/new/place/b"]) {
      const { uid, gid } = lstatSync(join(folder, path));
      expect([path, uid, gid]).toEqual([path, 12, 34]);
    }
    expect(mode("dst/new/place/a")).toBe("640");
  });

  test.runIf(process.getuid?.() === 0)("large files of a client belong to root as small ones do", async () => {
    write("src", { small: "", large: "x".repeat(600_000) });
    for (const name of ["small", "large"]) chownSync(join(folder, "src", name), 7, 8);
    await copy(["."], "/x");
    for (const name of ["small", "large"]) {
      const { uid, gid } = lstatSync(join(folder, "dst/x", name));
      expect([name, uid, gid]).toEqual([name, 0, 0]);
    }
  });

  test("a folder that was there keeps its mode at the top, and takes the source's below", async () => {
    write("src", { "d/sub/a": "" });
    write("dst", { "x/sub/": "" });
    for (const path of ["src/d", "src/d/sub"]) chmodSync(join(folder, path), 0o700);
    await copy(["d"], "/x");
    expect([mode("dst/x"), mode("dst/x/sub")]).toEqual(["755", "700"]);
  });

  test.runIf(process.getuid?.() === 0)("devices of a stage keep their large numbers", async () => {
    makeNode(join(folder, "src/disk"), 0o060600, 259, 70_000);
    await copy(["disk"], "/", { tree: stage() });
    const [from, to] = ["src", "dst"].map((where) => lstatSync(join(folder, where, "disk")));
    expect(to?.isBlockDevice()).toBe(true);
    expect(to?.rdev).toBe(from?.rdev);
  });

  test("inline files", async () => {
    const sources = [{ type: "inline", name: "n", content: "text\n" }] as const;
    await copySources({ sources, root: join(folder, "dst"), destination: "/d/", squashOwners: true });
    expect(tree()).toEqual({ "d/": "", "d/n": "text\n" });
    expect(mode("dst/d/n")).toBe("644");
  });

  test.each(["../../out", "/out", "a/b", "link/out", "..", "."])("an inline file %s is refused", async (name) => {
    write("dst", { "d/link": "-> ../../src", "d/a/": "" });
    const sources = [{ type: "inline", name, content: "text\n" }] as const;
    await expect(
      copySources({ sources, root: join(folder, "dst"), destination: "/d/", squashOwners: true }),
    ).rejects.toMatchObject({ code: "SLIP_COPY_DESTINATION" });
    expect([readdirSync(folder).sort(), readdirSync(join(folder, "src"))]).toEqual([["dst", "src"], []]);
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

describe("names and kinds of files", () => {
  const bytes = (path: string): Buffer => Buffer.from(join(folder, path), "latin1");

  test("names that are not UTF-8 are copied byte by byte, through patterns and links too", async () => {
    write("src", { "d/": "" });
    mkdirSync(bytes("src/d/caf\u00e9"));
    writeFileSync(bytes("src/d/caf\u00e9/\u00ff\u00fe.txt"), "odd");
    symlinkSync(Buffer.from("caf\u00e9/\u00ff\u00fe.txt", "latin1"), bytes("src/d/link"));
    await copy(["d"], "/all");
    await copy(["d/caf?/*.txt"], "/found/");
    await copy(["d/link"], "/followed");
    const read = (path: string): string => readFileSync(bytes(`dst/${path}`), "utf8");
    expect([read("all/caf\u00e9/\u00ff\u00fe.txt"), read("found/\u00ff\u00fe.txt"), read("followed")]).toEqual([
      "odd",
      "odd",
      "odd",
    ]);
    expect(readlinkSync(bytes("dst/all/link"), "latin1")).toBe("caf\u00e9/\u00ff\u00fe.txt");
    const request = { tree: context(), sources: ["d"], ignoreOwner: false, ignoreMode: false };
    const before = checksumSources(request)?.digest;
    renameSync(bytes("src/d/caf\u00e9/\u00ff\u00fe.txt"), bytes("src/d/caf\u00e9/\u00ff\u00fd.txt"));
    expect(checksumSources(request)?.digest).not.toBe(before);
  });

  test("a socket becomes an empty file with its mode", async () => {
    write("src", { "d/": "" });
    const server = createServer().listen(join(folder, "src/d/socket"));
    await once(server, "listening");
    chmodSync(join(folder, "src/d/socket"), 0o640);
    await copy(["d"], "/to");
    server.close();
    expect(tree()).toEqual({ "to/": "", "to/socket": "" });
    expect(mode("dst/to/socket")).toBe("640");
  });

  test("a path that is longer than the system takes is named", async () => {
    const name = "n".repeat(250);
    let at = join(folder, "src");
    process.chdir(at);
    try {
      for (let depth = 0; depth < 17; depth++) {
        mkdirSync(name);
        process.chdir(name);
      }
    } finally {
      process.chdir("/");
    }
    const failure = copy(["."], "/to");
    await expect(failure).rejects.toMatchObject({ code: "SLIP_UNSUPPORTED" });
    await expect(failure).rejects.toThrow("its path is longer than the system takes");
    at = join(folder, "src");
    execFileSync("rm", ["-rf", "--", at]);
  });

  test("a cancelled copy ends, and so does the reading before it", async () => {
    write("src", Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`f${i}`, ""])));
    const cancel = new Int32Array(new SharedArrayBuffer(4));
    cancel[0] = 1;
    await expect(copy(["."], "/to", { cancel })).rejects.toMatchObject({ code: "SLIP_CANCELLED" });
    const request = { tree: context(), sources: ["."], ignoreOwner: false, ignoreMode: false, cancel };
    expect(() => checksumSources(request)).toThrow("Cancelled");
  });
});

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

describe("the checksum", () => {
  const checksum = (sources: readonly string[] = ["."], more: object = {}): string | undefined =>
    checksumSources({ tree: context(), sources, ignoreOwner: false, ignoreMode: false, ...more })?.digest;

  test("counts what a copy from a stage takes along: owner, capabilities and the users' attributes", () => {
    write("src", { program: "" });
    const path = join(folder, "src/program");
    const from = { tree: stage() };
    const seen = [checksum(["."], from)];
    setXattr(path, "user.note", Buffer.from("one"));
    seen.push(checksum(["."], from));
    setXattr(path, "user.note", Buffer.from("two"));
    seen.push(checksum(["."], from));
    if (process.getuid?.() === 0) {
      setXattr(path, "security.capability", Buffer.from("0100000200040000000000000000000000000000", "hex"));
      seen.push(checksum(["."], from));
      chownSync(path, 7, 8);
      seen.push(checksum(["."], from));
    }
    expect(new Set(seen).size).toBe(seen.length);
    expect(checksum(["."], from)).toBe(seen.at(-1));
  });

  test("counts which names of a source are of one file, as the copy has them", () => {
    write("src", { "d/a": "A", "d/b": "A", "e/c": "A" });
    const link = (name: string): void => {
      rmSync(join(folder, "src", name));
      linkSync(join(folder, "src/d/a"), join(folder, "src", name));
    };
    const plain = checksum(["d", "e"]);
    link("e/c");
    expect(checksum(["d", "e"])).toBe(plain);
    link("d/b");
    expect(checksum(["d", "e"])).not.toBe(plain);
  });

  test("counts content, names, modes and link targets; never times", () => {
    write("src", { "d/a": "A", "d/l": "-> a" });
    const first = checksum();
    utimesSync(join(folder, "src/d/a"), 5, 5);
    expect(checksum()).toBe(first);
    chmodSync(join(folder, "src/d/a"), 0o600);
    const changed = checksum();
    expect(changed).not.toBe(first);
    expect(checksum(["."], { ignoreMode: true })).not.toBe(changed);
    chmodSync(join(folder, "src/d/a"), 0o644);
    expect(checksum()).toBe(first);
    writeFileSync(join(folder, "src/d/a"), "B");
    expect(checksum()).not.toBe(first);
    writeFileSync(join(folder, "src/d/a"), "A");
    rmSync(join(folder, "src/d/l"));
    symlinkSync("b", join(folder, "src/d/l"));
    expect(checksum()).not.toBe(first);
  });

  test("does not count modes that the copy sets itself", () => {
    write("src", { a: "A" });
    const first = checksum(["a"], { ignoreMode: true });
    chmodSync(join(folder, "src/a"), 0o600);
    expect(checksum(["a"], { ignoreMode: true })).toBe(first);
  });

  test("remembers files that did not change, and reads those that did", async () => {
    write("src", { a: "A", b: "B" });
    await new Promise((done) => setTimeout(done, 40));
    const statCache = join(folder, "cache/stat");
    const cold = checksum(["."], { statCache });
    expect(existsSync(statCache)).toBe(true);
    expect(checksum(["."], { statCache, readLimit: 0 })).toBe(cold);
    writeFileSync(join(folder, "src/a"), "X");
    expect(checksum(["."], { statCache, readLimit: 0 })).toBeUndefined();
    expect(checksum(["."], { statCache })).toBe(checksum());
  });

  test("forgets files that vanished from what is copied, and keeps those of other copies", async () => {
    write("src", { "d/a": "A", "d/b-c": "B", "d/ü€😀/x": "C", "e/a": "E" });
    await new Promise((done) => setTimeout(done, 40));
    const statCache = join(folder, "stat");
    checksum(["d"], { statCache });
    checksum(["e"], { statCache });
    const whole = readFileSync(statCache).length;
    rmSync(join(folder, "src/d/a"));
    const without = checksum(["d"]);
    expect(checksum(["d"], { statCache, entryLimit: 2 })).toBeUndefined();
    expect(readFileSync(statCache).length).toBe(whole);
    expect(checksum(["d"], { statCache, readLimit: 0 })).toBe(without);
    const record = "d/a".length + 4 * 8 + 8 + 32;
    expect(readFileSync(statCache).length).toBe(whole - record);
    expect(checksum(["e"], { statCache, readLimit: 0 })).toBe(checksum(["e"]));
  });

  test("remembers all files after some came, changed and went", async () => {
    const names = Array.from({ length: 60 }, (_, i) => `d${i % 7}/f${i}`);
    write("src", Object.fromEntries(names.map((name) => [name, name])));
    const statCache = join(folder, "stat");
    for (let round = 0; round < 4; round++) {
      for (const name of names.filter((_, i) => i % 4 === round)) {
        if (name.endsWith("1")) rmSync(join(folder, "src", name));
        else writeFileSync(join(folder, "src", name), `${name} ${round}`);
        writeFileSync(join(folder, "src", `${name}-${round}`), "new");
      }
      await new Promise((done) => setTimeout(done, 40));
      checksum(["."], { statCache });
      expect(checksum(["."], { statCache, readLimit: 0 })).toBe(checksum());
    }
  });

  test("a damaged cache is as good as none", async () => {
    write("src", { a: "A", b: "B" });
    const statCache = join(folder, "stat");
    writeFileSync(statCache, "slipway-stat-1\nnonsense");
    expect(checksum(["."], { statCache })).toBe(checksum());
    await new Promise((done) => setTimeout(done, 40));
    checksum(["."], { statCache });
    const bytes = readFileSync(statCache);
    for (let length = 0; length < bytes.length; length++) {
      writeFileSync(statCache, bytes.subarray(0, length));
      expect(checksum(["."], { statCache })).toBe(checksum());
    }
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
