import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { tempFolder } from "../../test/support/store-lab.ts";
import { defaultPlatform, parsePlatform } from "../oci/index.ts";
import { emulation } from "./emulation.ts";

/** A folder as the kernel shows binfmt_misc, with Debian's handler for aarch64. */
function binfmt(flags: string, state = "enabled"): string {
  const folder = join(tempFolder(), "binfmt");
  mkdirSync(folder);
  writeFileSync(join(folder, "status"), "enabled\n");
  writeFileSync(join(folder, "register"), "");
  const handler = `${state}\ninterpreter /usr/libexec/qemu-binfmt/aarch64-binfmt-P\nflags: ${flags}\noffset 0
magic 7f454c460201010000000000000000000200b700
mask ffffffffffffff00fffffffffffffffffeffffff
`;
  writeFileSync(join(folder, "qemu-aarch64"), handler);
  return folder;
}

const arm64 = parsePlatform("linux/arm64");
const foreign = defaultPlatform().architecture === "arm64" ? "riscv64" : "arm64";

test("this machine's own programs need nothing", () => {
  expect(emulation(defaultPlatform(), "/nonexistent")).toEqual({ kind: "native" });
});

test("what is not there, or not on, or for others, runs nothing", () => {
  expect(emulation(parsePlatform(foreign), "/nonexistent")).toMatchObject({ kind: "none" });
  expect(emulation(parsePlatform("linux/riscv64"), binfmt("OCF"))).toMatchObject({
    kind: "none",
    why: "no emulator for it is registered",
  });
  expect(emulation(parsePlatform("windows/amd64"), binfmt("OCF"))).toMatchObject({ kind: "none" });
  expect(emulation(parsePlatform("linux/vax"), binfmt("OCF"))).toMatchObject({ kind: "none" });
});

test.skipIf(foreign !== "arm64")("a handler is found by the files that it takes", () => {
  expect(emulation(arm64, binfmt("POCF"))).toEqual({ kind: "handler", name: "qemu-aarch64", interpreter: undefined });
  expect(emulation(arm64, binfmt("PO"))).toMatchObject({ interpreter: "/usr/libexec/qemu-binfmt/aarch64-binfmt-P" });
  expect(emulation(arm64, binfmt("POCF", "disabled"))).toMatchObject({ kind: "none" });
});
