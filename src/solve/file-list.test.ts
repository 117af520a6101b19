import { expect, test } from "vitest";
import { aligned } from "./file-list.ts";
import { type FileEntry, fileList } from "./index.ts";

const many = (count: number, content = (at: number) => String(at)): readonly FileEntry[] =>
  Array.from({ length: count }, (_, at) => [`packages/p${at % 40}/src/f${at}`, "100644 ", content(at)]);

test("few files are listed one by one", () => {
  const { entries, depth } = fileList(many(100));
  expect(depth).toBeUndefined();
  expect(Object.keys(entries)).toHaveLength(100);
  expect(entries["packages/p3/src/f3"]).toEqual(["100644 ", "3"]);
});

test("many files are summed by folder, and another content of one is seen in its folder alone", () => {
  const before = fileList(many(50_000));
  const now = fileList(many(50_000, (at) => (at === 83 ? "other" : String(at))));
  expect(Object.keys(before.entries)).toHaveLength(40);
  const differing = Object.keys(now.entries).filter(
    (path) => JSON.stringify(now.entries[path]) !== JSON.stringify(before.entries[path]),
  );
  expect(differing).toEqual(["packages/p3/src"]);
});

test("a folder with more files than are listed is one sum", () => {
  const flat = Array.from({ length: 5000 }, (_, at): FileEntry => [`f${at}`, "100644 ", ""]);
  expect(fileList(flat)).toMatchObject({ depth: 0, entries: { "": ["", expect.any(String)] } });
});

test("a list is brought to the form of a summed one", () => {
  const few = many(1999);
  const [a, b] = aligned(fileList(few), fileList(many(50_000))) ?? [];
  expect(a?.depth).toBe(b?.depth);
  expect(Object.keys(a?.entries ?? {})).toHaveLength(40);
  const summed = fileList(many(50_000));
  expect(aligned(summed, { ...summed, depth: 2 })).toBeUndefined();
});

test("order does not count in a sum", () => {
  expect(fileList(many(3000).toReversed()).entries).toEqual(fileList(many(3000)).entries);
});
