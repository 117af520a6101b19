import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { buildBase } from "./build-base.ts";
import { lockBase } from "./lock-base.ts";
import { builtInReference, isBaseFile } from "./named-base.ts";
import { readBaseFile } from "./own-base-files.ts";

describe("what a base is asked for by", () => {
  beforeAll(() => {
    const folder = mkdtempSync(join(tmpdir(), "slipway-test-"));
    for (const file of ["base.txt", "mine", "python3", "nodejs18"]) {
      writeFileSync(join(folder, file), "extends: static\n");
    }
    writeFileSync(join(folder, "Dockerfile"), "FROM scratch\n");
    mkdirSync(join(folder, "cc.d"));
    const before = process.cwd();
    process.chdir(folder);
    return () => {
      process.chdir(before);
      rmSync(folder, { recursive: true });
    };
  });

  test.each(["base.txt", "mine", "./mine", "./python3", "typo.yaml", "typo.YML", "conf/typo", "cc.d/"])(
    "%s is a file that describes one",
    async (name) => expect(await isBaseFile(name)).toBe(true),
  );

  test.each([
    "python3",
    "nodejs18",
    "phyton3",
    "typo.txt",
    "cc.d",
    "",
    "a\0b",
    "a".repeat(300),
    "gcr.io/distroless/python3-debian12",
  ])("%j is the name of a built-in one", async (name) => expect(await isBaseFile(name)).toBe(false));

  test("a file is read whatever its name ends with, and names the image", async () => {
    const names = async (file: string) => (await readBaseFile({ name: file }))?.base.name;
    expect([await names("base.txt"), await names("./python3"), await names("python3")]).toEqual([
      "base",
      "python3",
      undefined,
    ]);
  });

  test.each([
    [
      "typo.yaml",
      "SLIP_BASE",
      /^Cannot read typo\.yaml: there is no such file$/,
      /or a built-in base such as python3$/,
    ],
    ["./typo", "SLIP_BASE", /^Cannot read \.\/typo: there is no such file$/, /^name a file/],
    ["cc.d/", "SLIP_BASE", /^Cannot read cc\.d\/: it is a folder$/, /^name the file in it/],
    ["/dev/null", "SLIP_BASE", /^Cannot read \/dev\/null: it is no file$/, /is a file/],
    [`${"a".repeat(300)}.yaml`, "SLIP_BASE", /^Cannot read a+\.yaml: ENAMETOOLONG/, undefined],
    ["Dockerfile", "SLIP_BASE", /^Cannot use Dockerfile:1:1: the file must be keys/, /such as `extends: python3`$/],
  ])("%s is an error that says what it is", async (name, code, message, hint) => {
    await expect(buildBase({ name })).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
      hint: hint && expect.stringMatching(hint),
    });
  });

  const unknown = (name: string) => `There is no built-in base "${name}", and no file of that name`;
  const made = "that one is made by: slipway base build ";
  test.each([
    ["phyton3", unknown("phyton3"), 'did you mean "python3"? bookworm has '],
    ["typo.txt", unknown("typo.txt"), "; a base of your own is named by the file that describes it"],
    [
      "static-debian13:latest-arm64",
      unknown("static-debian13:latest-arm64"),
      `${made}static --suite trixie --arch arm64`,
    ],
    [
      "gcr.io/distroless/java17-debian12:debug-nonroot",
      unknown("gcr.io/distroless/java17-debian12:debug-nonroot"),
      `${made}java17 --suite bookworm --variant debug-nonroot`,
    ],
    ["debian:bookworm", unknown("debian:bookworm"), "; a base of your own"],
    [
      "java25",
      "Cannot make java25 from the Debian archive: of Java, bookworm has 17",
      "take java17, or java25 of trixie",
    ],
  ])("%s is an error that says what there is", async (name, message, hint) => {
    await expect(builtInReference({ name, suite: "bookworm", nonroot: false, debug: false })).rejects.toMatchObject({
      code: "SLIP_IMAGE_UNKNOWN",
      message,
      hint: expect.stringContaining(hint),
    });
  });

  test("what has no lock is said of built-in bases alone", async () => {
    const built = "it is a built-in base, which has no lock";
    await expect(buildBase({ name: "cc", locked: true })).rejects.toThrow(`Cannot build cc with --locked: ${built}`);
    await expect(buildBase({ name: "phyton3", locked: true })).rejects.toThrow(unknown("phyton3"));
    await expect(lockBase({ file: "python3" })).rejects.toThrow("Cannot lock python3: only a file that describes");
    await expect(lockBase({ file: "phyton3" })).rejects.toThrow(unknown("phyton3"));
  });
});
