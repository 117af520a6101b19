import { describe, expect, test } from "vitest";
import type { CheckReport } from "../index.ts";
import { parseCall } from "./call-spec.ts";
import { cli } from "./fake.fixture.ts";

const described = { file: "Dockerfile", text: "FROM scratch AS Build\n" };
const finding = {
  rule: "StageNameCasing",
  message: "The stage name Build is not in lower case",
  detail: "The name of a stage is in lower case",
  lines: [1, 2],
  excerpt: "Dockerfile:1\n--------------------\n   1 | >>> FROM scratch AS Build\n--------------------\n",
} as const;

/** The command over a report. */
const check = (report: Partial<CheckReport>, ...flags: readonly string[]) =>
  cli(["build", ...flags, "."], {
    library: { checkDockerfile: async () => ({ ...described, findings: [], error: undefined, ...report }) },
  });

describe("build --check", () => {
  test.each([["--check"], ["--call=check"], ["--call=lint"], ["--call", "check,format=text"]])(
    "%s",
    async (...flags) => {
      const { code, stdout, stderr, calls } = await check({ findings: [finding] }, ...flags);
      expect(code).toBe(1);
      expect(stdout).toBe(`Check complete, 1 warning has been found!

WARNING: StageNameCasing
The stage name Build is not in lower case
${finding.excerpt}`);
      expect(stderr).toBe("");
      expect(calls.map(({ name }) => name)).toEqual(["checkDockerfile"]);
    },
  );

  test("counts several", async () => {
    expect((await check({ findings: [finding, finding] }, "--check")).stdout).toContain("2 warnings have been found!");
  });

  test("without findings it ends well", async () => {
    const { code, stdout } = await cli(["build", "--check", "--target", "t", "--build-arg", "A=1", "ctx"]);
    expect([code, stdout]).toEqual([0, "Check complete, no warnings found.\n"]);
  });

  test("gets what the build would have", async () => {
    const { calls } = await cli(["build", "--check", "-f", "D", "--target", "t", "--build-arg", "A=1", "ctx"]);
    expect(calls).toMatchObject([
      { name: "checkDockerfile", args: [{ context: "ctx", dockerfile: "D", target: "t", buildArgs: { A: "1" } }] },
    ]);
  });

  test("ignorestatus=true is for findings, not for a file that cannot be built", async () => {
    const error = { code: "SLIP_DOCKERFILE", message: "Unknown instruction: RUM" } as const;
    const violation = { code: "SLIP_CHECK", message: "The build checks found StageNameCasing" } as const;
    const quiet = "--call=check,ignorestatus=true";
    expect((await check({ findings: [finding] }, quiet)).code).toBe(0);
    expect((await check({ findings: [finding], error: violation }, quiet)).code).toBe(0);
    expect((await check({ findings: [finding], error: violation }, "--check")).code).toBe(1);
    const { code, stderr } = await check({ error }, quiet);
    expect(code).toBe(3);
    expect(stderr).toContain("Unknown instruction: RUM (SLIP_DOCKERFILE)");
  });

  test("JSON has docker's members", async () => {
    const { code, stdout } = await check({ findings: [finding] }, "--call=check,format=json");
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toEqual({
      warnings: [
        {
          ruleName: "StageNameCasing",
          description: "The name of a stage is in lower case",
          detail: "The stage name Build is not in lower case",
          location: { ranges: [1, 2].map((line) => ({ start: { line }, end: { line } })) },
        },
      ],
      sources: [
        { filename: "Dockerfile", language: "Dockerfile", data: Buffer.from(described.text).toString("base64") },
      ],
    });
  });

  test("JSON names what would end the build", async () => {
    const location = { file: "Dockerfile", text: described.text, span: { start: 0, end: 4, startLine: 1, endLine: 1 } };
    const error = { code: "SLIP_DOCKERFILE", message: "No", location } as const;
    const { code, stdout } = await check({ error }, "--call=check,format=json");
    expect(code).toBe(3);
    expect((JSON.parse(stdout) as { buildError: unknown }).buildError).toEqual({
      message: "No",
      code: "SLIP_DOCKERFILE",
      location: { ranges: [{ start: { line: 1 }, end: { line: 1 } }] },
    });
  });
});

describe("build --call=targets", () => {
  const targets = [
    { name: "build", default: false, description: "makes it", base: "debian", platform: undefined, lines: [1, 1] },
    { name: undefined, default: true, description: undefined, base: "build", platform: "$P", lines: [2, 2] },
  ] as const;
  const library = { targetsOf: async () => ({ ...described, targets }) };

  test("lists the stages", async () => {
    const { code, stdout } = await cli(["build", "--call=targets", "."], { library });
    expect([code, stdout]).toEqual([0, "TARGET      DESCRIPTION\nbuild       makes it\n(default)\n"]);
  });

  test("as JSON", async () => {
    const { stdout } = await cli(["build", "--call=targets,format=json", "."], { library });
    expect(JSON.parse(stdout)).toEqual({
      targets: [
        {
          name: "build",
          description: "makes it",
          base: "debian",
          location: { ranges: [{ start: { line: 1 }, end: { line: 1 } }] },
        },
        {
          default: true,
          base: "build",
          platform: "$P",
          location: { ranges: [{ start: { line: 2 }, end: { line: 2 } }] },
        },
      ],
      sources: [Buffer.from(described.text).toString("base64")],
    });
  });
});

describe("build --call=outline", () => {
  const outline = {
    name: "app",
    description: "is it",
    args: [{ name: "VERSION", value: "1", description: "is the number", lines: [2, 2] }],
    secrets: [{ name: "token", required: true, lines: [3, 3] }],
    ssh: [{ name: "default", required: false, lines: [3, 3] }],
  } as const;
  const library = { outlineOf: async () => ({ ...described, outline }) };

  test("lists what the target takes", async () => {
    const { code, stdout } = await cli(["build", "--call=outline", "."], { library });
    expect(code).toBe(0);
    expect(stdout).toBe(`TARGET:        app
DESCRIPTION:   is it

BUILD ARG   VALUE   DESCRIPTION
VERSION     1       is the number

SECRET   REQUIRED
token    true

SSH       REQUIRED
default
`);
  });

  test("as JSON", async () => {
    const { stdout } = await cli(["build", "--call=outline,format=json", "."], { library });
    const location = (line: number) => ({ ranges: [{ start: { line }, end: { line } }] });
    expect(JSON.parse(stdout)).toEqual({
      name: "app",
      description: "is it",
      args: [{ name: "VERSION", value: "1", description: "is the number", location: location(2) }],
      secrets: [{ name: "token", required: true, location: location(3) }],
      ssh: [{ name: "default", location: location(3) }],
      sources: [Buffer.from(described.text).toString("base64")],
    });
  });
});

test.each([
  [undefined, false, "build"],
  ["build", false, "build"],
  [undefined, true, "check"],
  ["check", true, "check"],
  ["targets", false, "targets"],
])("--call=%s, --check %s: %s", (text, flag, method) => {
  expect(parseCall(text, flag)).toEqual({ method, json: false, ignoreStatus: false });
});

test.each([
  ["--call=subrequests.describe"],
  ["--call=check,format=xml"],
  ["--call=check,x"],
  ["--call=targets", "--check"],
])("%s is refused", async (...flags) => {
  const { code, stderr, calls } = await cli(["build", ...flags, "."]);
  expect([code, calls]).toEqual([2, []]);
  expect(stderr).toContain("--call");
});
