import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, realpathSync } from "node:fs";
import { expect, test } from "vitest";
import { InRoot } from "../in-root.ts";
import { type Elf, readElf } from "./elf.ts";
import { linkedLibraries } from "./libraries.ts";

const reader =
  (bytes: Buffer) =>
  (offset: number, length: number): Buffer =>
    Buffer.from(bytes.subarray(offset, offset + length));

const programs = [process.execPath, "/bin/ls", "/bin/sh", "/usr/bin/git", "/usr/bin/ssh", "/usr/bin/perl"].filter(
  (path) => existsSync(path),
);
const whyNoTools = ["readelf", "ldd"].some((name) => spawnSync("which", [name]).status !== 0);

test.skipIf(whyNoTools).each(programs)(
  `%s is read as readelf reads it, and links as ldd links it${whyNoTools ? " (skipped: needs readelf and ldd)" : ""}`,
  (path) => {
    const elf = readElf(reader(readFileSync(path))) as Elf;
    const headers = spawnSync("readelf", ["-Wld", path], { encoding: "utf8" }).stdout;
    const names = (what: string): readonly string[] =>
      [...headers.matchAll(new RegExp(`\\(${what}\\).*\\[(.*)\\]`, "g"))].map(([, name = ""]) => name);
    expect(elf.needed).toEqual(names("NEEDED"));
    expect(elf.runpath).toEqual(names("RUNPATH").flatMap((list) => list.split(":")));
    expect(elf.interpreter).toBe(/interpreter: (.*)\]/.exec(headers)?.[1]);
    const linked = linkedLibraries(new InRoot("/"), { path: realpathSync(path), elf }, new Map());
    expect(linked?.missing).toEqual([]);
    const listed = [...spawnSync("ldd", [path], { encoding: "utf8" }).stdout.matchAll(/^\t(\S+) => \//gm)].map(
      ([, name]) => name,
    );
    expect(linked?.found.toSorted((a, b) => (a < b ? -1 : 1))).toEqual(
      listed.toSorted((a = "", b = "") => (a < b ? -1 : 1)),
    );
  },
);

test("libraries of this machine are read, without a loader of their own or with one", () => {
  const folder =
    ["/lib/x86_64-linux-gnu", "/lib/aarch64-linux-gnu", "/lib64", "/lib"].find((path) => existsSync(path)) ?? "/lib";
  const libraries = readdirSync(folder).filter((name) => /\.so\.\d+$/.test(name));
  const kinds = libraries.map((name) => typeof readElf(reader(readFileSync(`${folder}/${name}`))));
  expect(new Set(kinds)).toEqual(new Set(["object"]));
});

test("cut off anywhere, a program is broken or still tells, and never throws", () => {
  const whole = readFileSync("/bin/ls");
  for (let size = 0; size < 4096; size += 7) {
    const elf = readElf(reader(whole.subarray(0, size)));
    expect(elf === undefined || elf === "broken" || Array.isArray(elf.needed), `${size} bytes`).toBe(true);
  }
  expect(readElf(reader(whole.subarray(0, 3)))).toBeUndefined();
  expect(readElf(reader(whole.subarray(0, 20)))).toBe("broken");
  // All headers and the loader's name are there, what it needs is not.
  expect(readElf(reader(whole.subarray(0, 3000)))).toBe("broken");
  expect(readElf(reader(Buffer.from("#!/bin/sh\n")))).toBeUndefined();
});

test("with any of its first bytes another, a program is read in bounded time and never throws", () => {
  const whole = readFileSync("/bin/ls");
  const started = performance.now();
  for (let at = 4; at < 1100; at++) {
    for (const value of [0x00, 0x7f, 0xff]) {
      const changed = Buffer.from(whole.subarray(0, 1 << 17));
      changed[at] = value;
      expect(() => readElf(reader(changed))).not.toThrow();
    }
  }
  expect(performance.now() - started).toBeLessThan(20_000);
});

test("the other byte order and 32 bits are read too", () => {
  // s390x: 64 bit, big endian, an interpreter alone
  const name = Buffer.from("/lib/ld64.so.1\0");
  const file = Buffer.alloc(64 + 56 + name.length);
  file.write("\x7fELF\x02\x02\x01", "latin1");
  file.writeUInt16BE(22, 18);
  file.writeBigUInt64BE(64n, 32);
  file.writeUInt16BE(56, 54);
  file.writeUInt16BE(1, 56);
  file.writeUInt32BE(3, 64);
  file.writeBigUInt64BE(120n, 64 + 8);
  file.writeBigUInt64BE(BigInt(name.length), 64 + 32);
  name.copy(file, 120);
  expect(readElf(reader(file))).toMatchObject({
    bits: 64,
    littleEndian: false,
    machine: 22,
    interpreter: "/lib/ld64.so.1",
  });
  // arm: 32 bit, little endian
  const small = Buffer.alloc(52 + 32 + name.length);
  small.write("\x7fELF\x01\x01\x01", "latin1");
  small.writeUInt16LE(40, 18);
  small.writeUInt32LE(52, 28);
  small.writeUInt16LE(32, 42);
  small.writeUInt16LE(1, 44);
  small.writeUInt32LE(3, 52);
  small.writeUInt32LE(84, 52 + 4);
  small.writeUInt32LE(name.length, 52 + 16);
  name.copy(small, 84);
  expect(readElf(reader(small))).toMatchObject({ bits: 32, machine: 40, interpreter: "/lib/ld64.so.1", needed: [] });
});
