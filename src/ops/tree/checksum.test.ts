import {
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { setXattr } from "../../base/syscalls.ts";
import { checksumSources } from "./checksum.ts";
import { context, folder, stage, write } from "./copy.fixture.ts";

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
