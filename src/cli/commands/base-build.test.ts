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

test("base build passes on what is to be audited and attached, and tells what was looked at", async () => {
  const audit = { programs: 1, scripts: 2, links: 3, packages: 4, findings: 0, allowed: 1 };
  const built = {
    name: "x:latest",
    images: [{ imageId: id("a"), platform: "linux/amd64", origin: "archive", size: 1, audit }],
    outputs: [],
  } as const;
  const { stderr, calls } = await cli(["base", "build", "cc", "--audit=warn", "--sbom"], {
    library: { buildBase: async () => built },
  });
  expect(calls[0]?.args[0]).toMatchObject({ audit: "warn", attest: { sbom: {} } });
  expect(stderr).toContain("audited 1 program or library, 2 scripts, 3 links and 4 packages: nothing is missing");
  expect((await cli(["base", "build", "cc", "--audit=maybe"])).code).toBe(2);
});
