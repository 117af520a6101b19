import { expect, test } from "vitest";
import { readLdCache } from "../../inspect/result/ld-cache.ts";
import { sonameOf, writeLdCache } from "./ld-cache.ts";

test("a cache is read back, sorted as the loader bisects it, and the first of a name stays first", () => {
  const names = [
    "libc.so.6",
    "libz.so.1",
    "libz.so.10",
    "libz.so.9",
    "ld-linux.so.2",
    "libab.so",
    "libabc.so",
    "lib1.so",
  ];
  const libraries = names.map((name) => ({ name, path: `/lib/${name}` }));
  const bytes = writeLdCache([...libraries, { name: "libc.so.6", path: "/usr/lib/libc.so.6" }], "amd64");
  const read = readLdCache(bytes);
  expect([...read.keys()]).toEqual([
    "lib1.so",
    "libz.so.10",
    "libz.so.9",
    "libz.so.1",
    "libc.so.6",
    "libabc.so",
    "libab.so",
    "ld-linux.so.2",
  ]);
  expect(read.get("libc.so.6")).toEqual(["/lib/libc.so.6", "/usr/lib/libc.so.6"]);
  expect(bytes.readUInt32LE(48)).toBe(0x0303);
  expect([bytes[28], writeLdCache([], "s390x")[28]]).toEqual([2, 3]);
});

test("a soname is read of libraries alone", () => {
  expect(sonameOf(process.execPath)).toBeUndefined();
  expect(sonameOf(import.meta.filename)).toBeUndefined();
});
