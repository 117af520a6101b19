import { expect, test } from "vitest";
import { appletNames } from "./busybox.ts";
import { builtInRecipe, builtInSuite, distrolessReference } from "./built-in.ts";
import { parseDistrolessName } from "./distroless-name.ts";
import { materialPackages } from "./recipe.ts";

const plain = { nonroot: false, debug: false } as const;

test.each([
  ["static", "bookworm", 4],
  ["static", "trixie", 5],
  ["base-nossl", "bookworm", 5],
  ["base", "trixie", 9],
  ["base", "bookworm", 6],
  ["cc", "bookworm", 10],
  ["python3", "trixie", 37],
  ["java17", "bookworm", 25],
] as const)("%s of %s has its packages", (name, suite, count) => {
  const { packages } = builtInRecipe({ name, suite, ...plain }, "amd64");
  expect(packages).toHaveLength(count);
  expect([...packages]).toEqual([...packages].sort());
});

test("variants change the user, the folder, the path and the entry point", () => {
  const config = (name: string, variant: object) =>
    builtInRecipe({ name, suite: "trixie", ...plain, ...variant }, "amd64").config;
  expect(config("base", {})).toMatchObject({ user: "0", workdir: "/", entrypoint: undefined });
  expect(config("base", { nonroot: true })).toMatchObject({ user: "65532", workdir: "/home/nonroot" });
  expect(config("base", { debug: true })).toMatchObject({ entrypoint: ["/busybox/sh"] });
  expect(config("base", { debug: true }).env["PATH"]).toMatch(/:\/bin:\/busybox$/);
  expect(config("python3", { debug: true }).entrypoint).toEqual(["/usr/bin/python3.13"]);
});

test("what only gives files is fetched, and is none of the packages", () => {
  const python = builtInRecipe({ name: "python3", suite: "bookworm", ...plain, debug: true }, "amd64");
  expect(materialPackages(python)).toEqual(["busybox-static", "ca-certificates", "libc-bin"]);
  const newer = builtInRecipe({ name: "python3", suite: "trixie", ...plain }, "amd64");
  expect(materialPackages(newer)).toEqual(["ca-certificates"]);
  const base = (name: string) => builtInRecipe({ name, suite: "trixie", ...plain }, "amd64");
  expect(materialPackages(base("static"))).toEqual(["ca-certificates"]);
  expect(base("base-nossl").taken).toEqual([{ package: "libc-bin", paths: ["/usr/lib/locale/C.utf8"] }]);
});

test("names of Google's registry are understood", () => {
  const name = (text: string) => parseDistrolessName(`gcr.io/distroless/${text}`);
  expect(name("python3-debian12")).toEqual({ name: "python3", suite: "bookworm", ...plain });
  expect(name("base-nossl-debian13:debug-nonroot")).toEqual({
    name: "base-nossl",
    suite: "trixie",
    nonroot: true,
    debug: true,
  });
  expect(name("static:nonroot")).toEqual({ name: "static", suite: "trixie", nonroot: true, debug: false });
  expect(name("static-debian13:debug-nonroot-arm")).toMatchObject({ nonroot: true, debug: true, arch: "armhf" });
  expect(name("static-debian12:latest-amd64")).toEqual({ name: "static", suite: "bookworm", ...plain, arch: "amd64" });
  expect(name(`cc-debian12@sha256:${"0".repeat(64)}`)).toBeUndefined();
  expect(parseDistrolessName("docker.io/distroless/static")).toBeUndefined();
  const choice = { name: "java21", suite: builtInSuite("13"), ...plain };
  expect(distrolessReference(choice)).toBe("gcr.io/distroless/java21-debian13:latest");
  expect(distrolessReference({ ...choice, debug: true })).toBe("gcr.io/distroless/java21-debian13:debug");
});

test.each([
  ["java17-debian13", "Cannot make java17 from the Debian archive: of Java, trixie has 21 and 25"],
  ["nodejs22-debian13", "Cannot make nodejs22 from the Debian archive: of Node.js, trixie has 20"],
  ["ruby-debian12", 'There is no built-in base "ruby"'],
  ["static-debian11", "there are no bases of Debian 11"],
  ["static-debian12:v1", 'there is no tag "v1"'],
  ["static-debian12:latest-mips", 'there is no tag "latest-mips"'],
  ["static-debian12:arm64", 'there is no tag "arm64"'],
  ["java-debian12", 'There is no built-in base "java"'],
])("what the archive cannot make of %s is said", (text, message) => {
  const parse = () => parseDistrolessName(`gcr.io/distroless/${text}`);
  expect(parse).toThrow(message);
  expect(parse).toThrow(expect.objectContaining({ code: "SLIP_IMAGE_UNKNOWN", hint: expect.stringMatching(/\w/) }));
});

test("a version of the other suite is hinted at", () => {
  expect(() => parseDistrolessName("gcr.io/distroless/java17-debian13")).toThrow(
    expect.objectContaining({ hint: "take java21 or java25, or java17 of bookworm" }),
  );
  expect(() => builtInSuite("sid")).toThrow('There are no built-in bases of "sid"');
});

test("a misspelt name has near ones, and a tag of one architecture is for no other", () => {
  expect(() => parseDistrolessName("gcr.io/distroless/pyhton3-debian12")).toThrow(
    expect.objectContaining({ hint: expect.stringMatching(/^did you mean "python3"\? bookworm has static, /) }),
  );
  const choice = { name: "cc", suite: "trixie", ...plain, arch: "arm64" } as const;
  expect(builtInRecipe(choice, "arm64").arch).toBe("arm64");
  expect(() => builtInRecipe(choice, "amd64")).toThrow("Cannot make cc for amd64: its tag names arm64");
});

test("the names of a busybox are those of the table in it", () => {
  const program = Buffer.from("junk[\0[[\0none\0\0junk [\0[[\0acpid\0sh\0wget\0apple\0more", "latin1");
  expect(appletNames(program)).toEqual(["[", "[[", "acpid", "sh", "wget"]);
  expect(appletNames(Buffer.from("none"))).toEqual([]);
});
