import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { cli } from "../fake.fixture.ts";

test("base suggest tells the answer, why, the file for base build and the last stage", async () => {
  const { stdout, calls, code } = await cli(["base", "suggest", "./app", "--suite", "trixie", "--offline"]);
  expect(code).toBe(0);
  expect(stdout).toBe(readFileSync(new URL("golden/suggest.txt", import.meta.url), "utf8"));
  expect(calls[0]).toMatchObject({ name: "suggestBase", args: [{ subject: "./app", suite: "trixie", offline: true }] });
});

test("base suggest as JSON, and the name alone", async () => {
  const { stdout } = await cli(["base", "suggest", "--format=json", "app"]);
  expect(JSON.parse(stdout)).toMatchObject({ answer: "own", missing: [{ name: "libpq.so.5", packages: ["libpq5"] }] });
  expect((await cli(["base", "suggest", "-q", "app"])).stdout).toBe("app-base\n");
});

test("base suggest -q has nothing to print where no base fits, and says so by its code", async () => {
  const none = async () => {
    const { reasons: _reasons, ...rest } = JSON.parse((await cli(["base", "suggest", "--format=json", "app"])).stdout);
    return { ...rest, answer: "none", summary: "No base of Debian fits", reasons: [], dockerfile: undefined };
  };
  const quiet = await cli(["base", "suggest", "-q", "app"], { library: { suggestBase: none } });
  expect(quiet).toMatchObject({ code: 1, stdout: "" });
  expect((await cli(["base", "suggest"])).code).toBe(2);
});
