import { expect, test } from "vitest";
import { cli } from "../fake.fixture.ts";

test("base lock writes, and tells what has moved", async () => {
  const { stdout, code, calls } = await cli(["base", "lock", "my-base.yaml", "--arch", "amd64,arm64"]);
  expect(code).toBe(0);
  expect(stdout).toBe(
    "moved libc6:arm64 1 -> 2\nremoved tzdata:amd64 1\nWrote my-base.lock: 12 packages for amd64, arm64\n",
  );
  expect(calls[0]).toMatchObject({
    name: "lockBase",
    args: [{ file: "my-base.yaml", archs: ["amd64,arm64"], check: false, debianMirror: undefined }],
  });
});

test("base lock --check writes nothing, and ends with 1 where packages have moved", async () => {
  const { stdout, code, calls } = await cli(["base", "lock", "--check", "my-base.yaml"]);
  expect(code).toBe(1);
  expect(stdout).toContain("my-base.lock: 2 packages would change\n");
  expect(calls[0]?.args[0]).toMatchObject({ check: true });
  const same = { file: "b.lock", packages: 1, archs: ["amd64"], changes: [], written: false } as const;
  const library = { lockBase: async () => same };
  expect(await cli(["base", "lock", "--check", "b.yaml"], { library })).toMatchObject({
    code: 0,
    stdout: "b.lock is as it must be: 1 package for amd64\n",
  });
  const json = await cli(["base", "lock", "--format=json", "b.yaml"], { library });
  expect(JSON.parse(json.stdout)).toEqual(same);
});

test("base build --locked is passed on", async () => {
  const { calls } = await cli(["base", "build", "--locked", "my-base.yaml", "-t", "mine"]);
  expect(calls[0]?.args[0]).toMatchObject({ name: "my-base.yaml", locked: true, tags: ["mine"] });
});
