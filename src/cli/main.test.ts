import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { errorCodes } from "../base/index.ts";

const program = fileURLToPath(new URL("../../bin/slipway", import.meta.url));

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function slipway(...argv: readonly string[]): Ended {
  return slipwayWith({}, ...argv);
}

function slipwayWith(env: NodeJS.ProcessEnv, ...argv: readonly string[]): Ended {
  const { status, stdout, stderr } = spawnSync(program, argv, {
    encoding: "utf8",
    env: { ...process.env, NO_COLOR: "1", SLIPWAY_DEBUG: "", ...env },
  });
  return { code: status, stdout, stderr };
}

test("the program as it is installed: version and help", () => {
  expect(slipway("version")).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^slipway \d+\.\d+\.\d+\n$/),
    stderr: "",
  });
  expect(slipway("build", "--help")).toMatchObject({ code: 0, stdout: expect.stringContaining("--build-context") });
});

test("a mistake in the configuration is told by a command that needs nothing of it too", () => {
  const folder = mkdtempSync(join(tmpdir(), "slipway-main-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "config.json");
  writeFileSync(file, '{"storage":{"maxx":"20GB"}}');
  const env = { SLIPWAY_CONFIG: file, SLIPWAY_ROOT: join(folder, "store") };
  const { code, stderr } = slipwayWith(env, "images");
  expect([code, stderr]).toEqual([errorCodes.SLIP_CONFIG, expect.stringContaining('did you mean "max"?')]);
  expect(slipwayWith(env, "version").code).toBe(0);
});

test.each([
  { argv: [], code: 2, text: "Usage:  slipway [OPTIONS] COMMAND" },
  { argv: ["buidl"], code: 2, text: 'did you mean "build"?' },
  { argv: ["build"], code: 2, text: '"slipway build" requires 1 argument, got 0' },
  { argv: ["build", "--tga", "x", "."], code: 2, text: 'did you mean "--tag"?' },
  { argv: ["build", "-o", "type=oci,level=3", "."], code: 8, text: "type=oci has no attribute level" },
  { argv: ["build", "--builder", "x", "."], code: 3, text: "Flag --builder is not supported" },
  { argv: ["run", "--privileged", "x"], code: 125, text: "Flag --privileged is not supported" },
])("slipway $argv ends with $code", ({ argv, code, text }) => {
  const got = slipway(...argv);
  expect(got).toMatchObject({ code, stdout: "" });
  expect(got.stderr).toContain(text);
  expect(got.stderr).not.toContain("    at ");
});

test("the command is found by path, by a link to it and by name", () => {
  const folder = mkdtempSync(join(tmpdir(), "slipway-bin-"));
  try {
    symlinkSync(program, join(folder, "sw"));
    const bin = dirname(program);
    const ways: readonly (readonly [command: string, argv: readonly string[], cwd: string])[] = [
      ["./slipway", ["version"], bin],
      [join(folder, "sw"), ["version"], "/"],
      ["sh", ["-c", 'PATH="$0:$PATH" slipway version', bin], folder],
      ["sh", ["slipway", "version"], bin],
    ];
    for (const [command, argv, cwd] of ways) {
      expect(spawnSync(command, argv, { cwd, encoding: "utf8" }).stdout).toMatch(/^slipway \d/);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("the compiled program is kept in a store that is there", () => {
  const folder = mkdtempSync(join(tmpdir(), "slipway-start-"));
  const { NODE_COMPILE_CACHE: _elsewhere, ...env } = process.env;
  const versionWith = (store: string): string =>
    spawnSync(program, ["version"], { env: { ...env, SLIPWAY_ROOT: store }, encoding: "utf8" }).stdout;
  try {
    expect(versionWith(folder)).toMatch(/^slipway/);
    expect(readdirSync(folder)).toEqual(["compiled"]);
    expect(versionWith(folder)).toMatch(/^slipway/);
    expect(versionWith(join(folder, "none"))).toMatch(/^slipway/);
    expect(existsSync(join(folder, "none"))).toBe(false);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("output that cannot be written is an error", () => {
  const { status, stderr } = spawnSync("bash", ["-c", `"$0" help run > /dev/full`, program], { encoding: "utf8" });
  expect(stderr).toMatch(/^ERROR: Cannot write standard output: ENOSPC.* \(SLIP_OUTPUT\)\n$/);
  expect(status).toBe(8);
});

test("a reader that goes away is no error", () => {
  const { stdout, stderr } = spawnSync(
    "bash",
    ["-c", `for at in 1 2 3 4 5; do "$0" help run | true; echo "\${PIPESTATUS[0]}"; done`, program],
    { encoding: "utf8" },
  );
  expect(stderr).toBe("");
  expect(stdout).toBe("0\n".repeat(5));
});
