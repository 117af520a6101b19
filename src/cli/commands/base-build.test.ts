import { expect, test } from "vitest";
import { cli, id } from "../fake.fixture.ts";

test("base build passes on what was asked for, and prints the name", async () => {
  const { stdout, stderr, calls } = await cli(["base", "build", "cc", "--suite=bookworm", "--arch", "arm64,amd64"]);
  expect(stdout).toBe("gcr.io/distroless/cc-debian12:latest\n");
  expect(stderr).toContain("linux/amd64 20MB");
  expect(calls[0]).toMatchObject({
    name: "buildBase",
    args: [{ name: "cc", suite: "bookworm", archs: ["arm64,amd64"], nonroot: false, debug: false, outputs: [] }],
  });
});

test.each([
  [["--variant", "nonroot"], { nonroot: true, debug: false }],
  [["--variant", "nonroot,debug"], { nonroot: true, debug: true }],
  [["--variant=debug-nonroot", "-t", "mine"], { nonroot: true, debug: true, tags: ["mine"] }],
  [["-o", "type=oci,dest=x.tar"], { outputs: [{ type: "oci", dest: "x.tar", attributes: {} }] }],
])("base build %j", async (flags, expected) => {
  const { calls, stdout } = await cli(["base", "build", "-q", "static", ...flags]);
  expect(calls[0]?.args[0]).toMatchObject({ ...expected, onEvent: undefined });
  expect(stdout).toBe(`${id("a")}\n`);
});

test("an unknown variant is refused with those that there are", async () => {
  const { code, stderr } = await cli(["base", "build", "static", "--variant", "slim"]);
  expect(code).toBe(2);
  expect(stderr).toContain('Unknown variant "slim"');
});
