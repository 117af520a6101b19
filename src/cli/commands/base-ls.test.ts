import { expect, test } from "vitest";
import { cli } from "../fake.fixture.ts";

test("base ls has a line a base; what was measured and not looked up is marked", async () => {
  const { stdout, stderr, calls } = await cli(["base", "ls", "--suite=trixie", "--arch", "arm64"]);
  expect(stdout).toBe(
    [
      "NAME      SUITE    RUNTIME       PACKAGES   SIZE    COMPRESSED",
      "static    trixie                 5          2.3MB   ~800kB",
      "python3   trixie   Python 3.13   38         ~58MB   ?",
      "",
    ].join("\n"),
  );
  expect(stderr).toBe(
    "~ as measured on 2026-11-22; slipway base build NAME makes one\n? not measured for linux/amd64\n",
  );
  expect(calls[0]).toMatchObject({ name: "listBases", args: [{ suite: "trixie", arch: "arm64" }] });
});

test("base ls as JSON, by a template, and names alone", async () => {
  const [first] = (await cli(["base", "ls", "--format=json"])).stdout.split("\n");
  expect(JSON.parse(first ?? "")).toMatchObject({ Name: "static", Bytes: 2.3e6, InStore: true });
  expect((await cli(["base", "list", "--format", "{{.Name}} {{.Size}}"])).stdout).toBe("static 2.3MB\npython3 ~58MB\n");
  expect((await cli(["base", "ls", "-q"])).stdout.split("\n")).toHaveLength(3);
  expect((await cli(["base", "ls", "--format", "{{.Nothing}}"])).code).toBe(2);
});
