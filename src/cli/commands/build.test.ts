import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { SlipwayError } from "../../base/index.ts";
import { cli, id } from "../fake.fixture.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "slipway-cli-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("build", () => {
  test("turns flags into options", async () => {
    const line =
      "build -t a --tag=b -f D --target x --build-arg A=1 --build-arg FROM_ENV --build-arg UNSET " +
      "--build-context u=docker-image://debian --label l=v --label bare -o type=oci,dest=o.tar -o out --no-cache " +
      "--base-images=archive --debian-mirror http://m --network=none -j3 --load --rm --provenance=false ctx";
    const { calls, code } = await cli(line.split(" "), { env: { FROM_ENV: "2" } });
    expect(code).toBe(0);
    expect(calls).toHaveLength(1);
    expect(calls[0]?.args[0]).toMatchObject({
      context: "ctx",
      dockerfile: "D",
      target: "x",
      tags: ["a", "b"],
      buildArgs: { A: "1", FROM_ENV: "2" },
      buildContexts: { u: "docker-image://debian" },
      labels: { l: "v", bare: "" },
      noCache: true,
      jobs: 3,
      outputs: [
        { type: "oci", dest: "o.tar", attributes: {} },
        { type: "local", dest: "out", attributes: {} },
        { type: "docker", attributes: {} },
      ],
      baseImages: "archive",
      debianMirror: "http://m",
      network: "none",
    });
  });

  test("the platform and SOURCE_DATE_EPOCH come from the environment where the line has none", async () => {
    const env = { DOCKER_DEFAULT_PLATFORM: "linux/arm64", SOURCE_DATE_EPOCH: "5" };
    const options = async (...argv: readonly string[]): Promise<unknown> =>
      (await cli(["build", ...argv, "."], { env })).calls[0]?.args[0];
    expect(await options()).toMatchObject({ platforms: ["linux/arm64"], buildArgs: { SOURCE_DATE_EPOCH: "5" } });
    const line = ["--platform=a,b", "--platform", "c", "--build-arg", "SOURCE_DATE_EPOCH=6"];
    expect(await options(...line)).toMatchObject({ platforms: ["a,b", "c"], buildArgs: { SOURCE_DATE_EPOCH: "6" } });
  });

  test.each([
    [{}, "min"],
    [{ BUILDX_METADATA_PROVENANCE: "max" }, "max"],
    [{ BUILDX_METADATA_PROVENANCE: "disabled" }, undefined],
    [{ BUILDX_METADATA_PROVENANCE: "False" }, undefined],
    [{ BUILDX_METADATA_PROVENANCE: "0" }, undefined],
  ])("what the metadata file has of provenance is as buildx's variable says: %j", async (env, record) => {
    const { calls } = await cli(["build", "--metadata-file", join(folder, "metadata.json"), "."], { env });
    expect(calls[0]?.args[0]).toHaveProperty("record", record);
    const without = await cli(["build", "."], { env });
    expect(without.calls[0]?.args[0]).toHaveProperty("record", undefined);
  });

  test("an argument named like a member of every object stays an argument", async () => {
    const { calls } = await cli(["build", "--build-arg", "__proto__=1", "--build-arg", "constructor=2", "."]);
    expect(JSON.stringify(calls[0]?.args[0])).toContain('"buildArgs":{"__proto__":"1","constructor":"2"}');
  });

  test("-q prints the id alone; --iidfile keeps it without a line end", async () => {
    const file = join(folder, "iid");
    expect(await cli(["build", "-q", "--iidfile", file, "."])).toMatchObject({
      code: 0,
      stdout: `${id("a")}\n`,
      stderr: "",
    });
    expect(readFileSync(file, "utf8")).toBe(id("a"));
  });

  test("without -q standard output stays empty and the summary goes to standard error", async () => {
    const { stdout, stderr } = await cli(["build", "."]);
    expect(stdout).toBe("");
    expect(stderr).toContain("Built calculator:multi in 0.1s: 6 steps, all cached");
  });

  test("an id file that cannot be written is an error of the output", async () => {
    expect(await cli(["build", "--iidfile", join(folder, "none/iid"), "."])).toMatchObject({
      code: 8,
      stderr: expect.stringContaining("Cannot write the image id"),
    });
  });

  test.each([
    { env: { SLIPWAY_PROGRESS: "json" }, argv: [], json: true },
    { env: { BUILDKIT_PROGRESS: "rawjson" }, argv: [], json: true },
    { env: { SLIPWAY_PROGRESS: "plain", BUILDKIT_PROGRESS: "rawjson" }, argv: [], json: false },
    { env: { SLIPWAY_PROGRESS: "json" }, argv: ["--progress=plain"], json: false },
  ])("progress by $env and $argv", async ({ env, argv, json }) => {
    const { stderr } = await cli(["build", ...argv, "."], { env });
    expect(stderr.startsWith('{"type":"result"')).toBe(json);
  });

  test("a wrong variable is named", async () => {
    expect(await cli(["build", "."], { env: { SLIPWAY_PROGRESS: "loud" } })).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('Invalid value "loud" of SLIPWAY_PROGRESS'),
    });
  });

  test("a failed build prints the step, the message and ends with its code", async () => {
    const build: Parameters<typeof cli>[1] = {
      library: {
        build: async ({ onEvent }) => {
          onEvent?.({ type: "step-start", id: "RUN false", time: 1 });
          onEvent?.({ type: "step-output", id: "RUN false", stream: "stderr", text: "no\n" });
          const error = new SlipwayError({ code: "SLIP_RUN_FAILED", message: "RUN false ended with code 1" });
          onEvent?.({ type: "step-failed", id: "RUN false", duration: 5, error: error.toJSON() });
          throw error;
        },
      },
    };
    const quiet = await cli(["build", "-q", "."], build);
    expect(quiet).toMatchObject({
      code: 4,
      stdout: "",
      stderr: "------\n > RUN false:\nno\n------\nERROR: RUN false ended with code 1 (SLIP_RUN_FAILED)\n",
    });
    const json = await cli(["build", "--progress=json", "."], build);
    const lines = json.stderr
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as { type: string });
    expect(lines.map(({ type }) => type)).toEqual(["step-start", "step-output", "step-failed", "error"]);
    expect(lines.at(-1)).toMatchObject({ exitCode: 4, error: { code: "SLIP_RUN_FAILED" } });
  });
});
