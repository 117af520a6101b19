import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { tempFolder } from "../../test/support/store-lab.ts";
import { defaultPlatform } from "../oci/index.ts";
import { foreignProgram } from "./foreign-program.ts";

function written(architecture: string): string {
  const file = join(tempFolder(), "program");
  writeFileSync(file, foreignProgram(architecture) ?? "", { mode: 0o755 });
  return file;
}

test("this machine runs the program of its own architecture", () => {
  expect(spawnSync(written(defaultPlatform().architecture)).status).toBe(0);
});

const qemu: Readonly<Record<string, string>> = {
  "386": "i386",
  amd64: "x86_64",
  arm64: "aarch64",
  loong64: "loongarch64",
  mips64le: "mips64el",
  mipsle: "mipsel",
};

const architectures = "386 amd64 arm arm64 loong64 mips mips64 mips64le mipsle ppc64le riscv64 s390x";
for (const architecture of architectures.split(" ")) {
  const emulator = `qemu-${qemu[architecture] ?? architecture}-static`;
  const why = spawnSync(emulator, ["--version"]).error ? ` (skipped: there is no ${emulator})` : "";
  test.skipIf(why !== "")(`an emulator runs the program for ${architecture}${why}`, () => {
    expect(spawnSync(emulator, [written(architecture)]).status).toBe(0);
  });
}

test("of an architecture that nobody knows there is none", () => {
  expect(foreignProgram("vax")).toBeUndefined();
  expect(foreignProgram("constructor")).toBeUndefined();
});
