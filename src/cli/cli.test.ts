import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { SlipwayError } from "../base/index.ts";
import { cli } from "./fake.fixture.ts";
import { registry } from "./registry.ts";

describe("the program", () => {
  test("without a command shows its help on standard error and ends with 2", async () => {
    const { code, stdout, stderr } = await cli([]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain("Usage:  slipway [OPTIONS] COMMAND");
  });

  test.each([["--help"], ["-h"], ["help"]])("%s lists every command", async (argument) => {
    const { code, stdout, stderr } = await cli([argument]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    for (const { name, summary } of registry) expect(stdout).toMatch(new RegExp(`^ {2}${name} +${summary}$`, "m"));
  });

  test.each(registry.map(({ name }) => name))(
    "%s --help, help %s: usage, every flag, no line over 100 columns",
    async (name) => {
      const { code, stdout } = await cli([name, "--help"]);
      expect(code).toBe(0);
      expect(stdout).toMatch(new RegExp(`^Usage: {2}slipway ${name} `));
      const command = await registry.find((entry) => entry.name === name)?.load();
      const listed = Object.entries(command?.options ?? {}).filter(([, spec]) => spec.help !== undefined);
      for (const [flag] of listed) expect(stdout).toContain(`--${flag}`);
      for (const line of stdout.split("\n")) expect(line.length).toBeLessThanOrEqual(100);
      expect((await cli(["help", name])).stdout).toBe(stdout);
      expect((await cli(["--help", name])).stdout).toBe(stdout);
    },
  );

  test.each(registry.map(({ name }) => name))("%s --help fits 40 columns, but for names that do not", async (name) => {
    const { stdout } = await cli([name, "--help"], { columns: 40 });
    // Usage, a flag with its value, an example, or one long word.
    const unwrapped = /^Usage: |^ {2}(?: {4}|-[a-z], )--[^ ]+(?:, --[^ ]+)* [^ ]+$|^ {2}slipway |^ *[^ ]+$/;
    const wide = stdout.split("\n").filter((line) => line.length > 40);
    expect(wide.filter((line) => !unwrapped.test(line))).toEqual([]);
  });

  test("each command loads under the name that it is listed by", async () => {
    for (const entry of registry) expect((await entry.load()).name).toBe(entry.name);
  });

  test.each([["-v"], ["--version"], ["version"]])("%s prints the version of the package", async (argument) => {
    const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as {
      version: string;
    };
    expect((await cli([argument])).stdout).toBe(`slipway ${version}\n`);
  });

  test.each([
    ["cache", "--help"],
    ["cache", "-h"],
    ["--help", "cache"],
  ])("%s %s lists the commands of a group", async (...argv) => {
    const { code, stdout, stderr } = await cli(argv);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(/Usage: {2}slipway cache COMMAND[^]*cache ls +List cache mounts\n[^]*cache rm/);
  });

  test("a group without a command lists them too, as a mistake", async () => {
    const { code, stdout, stderr } = await cli(["cache"]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toMatch(/Usage: {2}slipway cache COMMAND/);
  });

  test.each([
    { argv: ["buidl"], code: 2, message: 'Unknown command "buidl"', hint: 'did you mean "build"?' },
    { argv: ["image", "lst"], code: 2, message: 'Unknown command "image lst"', hint: "slipway image ls" },
    { argv: ["help", "rnu"], code: 2, message: 'Unknown command "rnu"', hint: 'did you mean "run"?' },
    { argv: ["--stor", "x", "images"], code: 2, message: "Unknown flag --stor", hint: 'did you mean "--store"?' },
    {
      argv: ["images", "a", "b"],
      code: 2,
      message: '"slipway images" requires at most 1 argument, got 2',
      hint: "usage:",
    },
    { argv: ["du", "x"], code: 2, message: '"slipway du" requires no arguments, got 1', hint: "usage:" },
    {
      argv: ["tag", "x"],
      code: 2,
      message: '"slipway tag" requires 2 arguments, got 1',
      hint: "slipway tag app app:1.0",
    },
    { argv: ["rmi"], code: 2, message: '"slipway rmi" requires at least 1 argument, got 0', hint: "slipway images" },
    { argv: ["build"], code: 2, message: '"slipway build" requires 1 argument, got 0', hint: "name the build context" },
    {
      argv: ["build", "--builder", "x", "."],
      code: 3,
      message: "Flag --builder is not supported",
      hint: "no builders to choose from",
    },
    { argv: ["build", "--provenance=yes", "."], code: 2, message: 'Invalid value "yes"', hint: "--provenance=true" },
    { argv: ["build", "--jobs=0", "."], code: 2, message: 'Invalid value "0" for --jobs', hint: "from 1" },
    { argv: ["build", "--label", "=x", "."], code: 2, message: 'Invalid value "=x" for --label', hint: "empty" },
    { argv: ["build", "--build-context", "x", "."], code: 2, message: "for --build-context", hint: "NAME=VALUE" },
    { argv: ["build", "--annotation", "x", "."], code: 2, message: "for --annotation", hint: "KEY=VALUE" },
    { argv: ["push"], code: 2, message: '"slipway push" requires at least 1 argument', hint: "slipway images" },
    { argv: ["login", "-p", "x"], code: 3, message: "Flag -p is not supported", hint: "--password-stdin" },
    { argv: ["login", "-u", "a"], code: 2, message: "Cannot log in without a password", hint: "--password-stdin" },
    { argv: ["login", "--password-stdin"], code: 2, message: "without a user name", hint: "--username" },
    { argv: ["login", "-ua", "--password-stdin"], code: 2, message: "first line of standard input", hint: "< FILE" },
    { argv: ["ps", "-a"], code: 3, message: 'Command "ps" is not supported', hint: "slipway run" },
    { argv: ["run"], code: 125, message: '"slipway run" requires at least 1 argument', hint: "slipway images" },
    { argv: ["run", "--envv", "x", "y"], code: 125, message: "Unknown flag --envv", hint: 'did you mean "--env"?' },
    { argv: ["run", "-d", "x"], code: 125, message: "Flag -d is not supported", hint: "throw-away" },
    { argv: ["run", "-it", "x"], code: 125, message: "Cannot give the command a terminal", hint: "--tty" },
    {
      argv: ["run", "--env-file", "/none", "x"],
      code: 125,
      message: 'Cannot read --env-file "/none"',
      hint: "no such file",
    },
    { argv: ["images", "-f", "label=x"], code: 2, message: 'Invalid filter "label=x"', hint: "reference" },
    { argv: ["prune"], code: 2, message: "asks before it deletes", hint: "--force" },
  ])("$argv: one message, the remedy, exit code $code", async ({ argv, code, message, hint }) => {
    const got = await cli(argv);
    expect(got.code).toBe(code);
    expect(got.stdout).toBe("");
    expect(got.stderr.match(/ERROR: /g)).toHaveLength(1);
    expect(got.stderr).toContain(message);
    expect(got.stderr).toContain(hint);
    expect(got.calls).toEqual([]);
  });

  test("the store may be named before and behind the command, and both ways", async () => {
    for (const argv of [
      ["--store", "/s", "images"],
      ["images", "--store=/s"],
      ["--root=/other", "images", "--root", "/s"],
    ]) {
      expect((await cli(argv)).calls[0]?.args).toEqual([expect.objectContaining({ store: "/s" })]);
    }
  });

  test("an error of the library is printed once, with its exit code", async () => {
    const images = async (): Promise<never> => {
      throw new SlipwayError({
        code: "SLIP_STORE",
        message: "The store is of a newer version",
        hint: "update slipway",
      });
    };
    expect(await cli(["images"], { library: { images } })).toMatchObject({
      code: 8,
      stderr: "ERROR: The store is of a newer version (SLIP_STORE)\n  hint: update slipway\n",
    });
  });

  test("a defect asks for --debug, which shows causes and stacks", async () => {
    const images = async (): Promise<never> => {
      throw new TypeError("x is not a function", { cause: new Error("deeper") });
    };
    expect(await cli(["images"], { library: { images } })).toMatchObject({
      code: 70,
      stderr: expect.stringContaining("run again with --debug"),
    });
    const { stderr } = await cli(["images", "--debug"], { library: { images } });
    expect(stderr).toMatch(/caused by: TypeError: x is not a function\n +at [^]*caused by: Error: deeper/);
  });

  test("the place in the Dockerfile is printed before the message", async () => {
    const text = "FROM scratch\nRUM x\n";
    const build = async (): Promise<never> => {
      throw new SlipwayError({
        code: "SLIP_DOCKERFILE",
        message: "Unknown instruction RUM",
        hint: "did you mean RUN?",
        location: { file: "Dockerfile", text, span: { start: 13, end: 16, startLine: 2, endLine: 2 } },
      });
    };
    const { code, stderr } = await cli(["build", "."], { library: { build } });
    expect(code).toBe(3);
    expect(stderr).toMatch(/^Dockerfile:2\n[^]*RUM x[^]*ERROR: Unknown instruction RUM/);
  });
});
