import { expect, test } from "vitest";
import { digestOf } from "../base/index.ts";
import { compareParts, type FileEntry, fileList, type KeyParts, withoutValues } from "./index.ts";

const parts = (change: Partial<KeyParts> = {}): KeyParts => ({
  instruction: "RUN make",
  version: 1,
  base: digestOf("base"),
  baseName: undefined,
  settings: { command: "/bin/sh -c make", user: "app" },
  variables: { PATH: "/bin", VERSION: "1", TOKEN: { digest: "aaa" } },
  mounts: ["cache /root/.npm on /root/.npm"],
  files: {},
  ...change,
});

const texts = (before: KeyParts, now: KeyParts, ...buildArgs: readonly string[]): readonly string[] =>
  compareParts(before, now, new Set(buildArgs)).map(({ text }) => text);

const files = (...entries: readonly FileEntry[]): KeyParts["files"] => ({ "the build context": fileList(entries) });

test("what is the same has no cause", () => {
  expect(compareParts(parts(), parts())).toEqual([]);
});

test("a variable is told with its values, a build argument as one, and what may be a secret without any", () => {
  const now = parts({ variables: { PATH: "/bin", VERSION: "2", TOKEN: { digest: "bbb" }, NEW: "a b" } });
  expect(texts(parts(), now, "VERSION")).toEqual([
    "build argument VERSION changed from 1 to 2",
    "variable TOKEN changed (its value is not shown)",
    'variable NEW is new: "a b"',
  ]);
  expect(texts(now, parts())).toContain("variable NEW is gone");
});

test("a value that came to look like a secret is not shown by the one that did not", () => {
  const before = parts({ variables: { KEY: "hunter2" } });
  const now = parts({ variables: { KEY: { digest: "aaa" } } });
  expect(texts(before, now).join()).not.toContain("hunter2");
});

test("a note that travelled without values tells which variable changed, and none that did not", () => {
  const travelled = withoutValues(parts());
  expect(JSON.stringify(travelled)).not.toMatch(/"\/bin"|"VERSION":"1"/);
  expect(compareParts(travelled, parts())).toEqual([]);
  const now = parts({ variables: { PATH: "/bin", VERSION: "2", TOKEN: { digest: "aaa" } } });
  expect(texts(travelled, now, "VERSION")).toEqual(["build argument VERSION changed (its value is not shown)"]);
});

test("files are told by what happened to them", () => {
  const before = parts({
    files: files(
      ["src", "40755 ", ""],
      ["src/a", "100644 ", "1"],
      ["src/b", "100644 ", "2"],
      ["src/c", "100644 ", "3"],
      ["src/d", "100644 0:0", "4"],
    ),
  });
  const now = parts({
    files: files(
      ["src", "40755 ", ""],
      ["src/a", "100644 ", "9"],
      ["src/b", "100755 ", "2"],
      ["src/d", "100644 1:1", "4"],
      ["src/new file", "100644 ", "5"],
    ),
  });
  expect(texts(before, now)).toEqual([
    "src/a changed",
    "src/b has mode 0755 (was 0644)",
    "src/d has owner 1:1 (was 0:0)",
    '"src/new file" is new',
    "src/c is gone",
  ]);
});

test("files of a stage are told with it", () => {
  const list = (content: string) => ({ "stage build": fileList([["out/app", "100755 0:0", content]]) });
  expect(texts(parts({ files: list("1") }), parts({ files: list("2") }))).toEqual(["out/app in stage build changed"]);
});

test("another instruction is told alone, without what follows from it", () => {
  const now = parts({ instruction: "RUN make all", settings: { command: "/bin/sh -c 'make all'", user: "root" } });
  expect(texts(parts(), now)).toEqual(['the instruction was "RUN make"', "user changed from app to root"]);
});

test("a mount and a base are told by name", () => {
  expect(texts(parts(), parts({ mounts: ["secret npm on /run/secrets/npm"] }))).toEqual([
    "mount secret npm on /run/secrets/npm is new",
    "mount cache /root/.npm on /root/.npm is gone",
  ]);
  const [one, two] = [digestOf("one"), digestOf("two")];
  const based = (base: typeof one, baseName: string): KeyParts => parts({ base, baseName });
  expect(texts(based(one, "debian:bookworm"), based(two, "debian:bookworm"))).toEqual([
    `base debian:bookworm changed from ${one.slice(7, 19)} to ${two.slice(7, 19)}`,
  ]);
  expect(texts(based(one, "debian:bookworm"), based(two, "debian:trixie"))).toEqual([
    "base changed from debian:bookworm to debian:trixie",
  ]);
  expect(compareParts(parts({ base: one }), parts({ base: two }))).toMatchObject([{ kind: "parent" }]);
});

test("names that every object has are names like others", () => {
  const now = parts({ variables: { constructor: "1", ["__proto__"]: "2" } });
  expect(texts(parts({ variables: {} }), now)).toEqual([
    "variable constructor is new: 1",
    "variable __proto__ is new: 2",
  ]);
});
