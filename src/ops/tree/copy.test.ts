import { execFileSync } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  chownSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { makeNode } from "../../base/syscalls.ts";
import { parseFileMode } from "../../dockerfile/index.ts";
import { checksumSources } from "./checksum.ts";
import { context, copy, folder, mode, stage, tree, write } from "./copy.fixture.ts";
import { copySources } from "./copy.ts";

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
    await expect(copy(["d"], "/x")).rejects.toMatchObject({
      code: "SLIP_COPY_DESTINATION",
      hint: expect.stringContaining("remove what is there"),
    });
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
