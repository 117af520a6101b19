import { describe, expect, test } from "vitest";
import type { BuildEvent } from "../../index.ts";
import { Buffered, cli, id } from "../fake.fixture.ts";
import { transferProgress } from "../transfer-progress.ts";

describe("images and registries", () => {
  test("pull prints the whole name, and nothing of its progress with --quiet", async () => {
    const { stdout, calls } = await cli(["pull", "debian:12"], { env: { DOCKER_DEFAULT_PLATFORM: "linux/arm64" } });
    expect(stdout).toBe("docker.io/library/debian:12\n");
    expect(calls[0]?.args).toEqual([
      expect.objectContaining({ image: "debian:12", platform: "linux/arm64", onEvent: expect.any(Function) }),
    ]);
    const quiet = await cli(["pull", "-qa", "--platform=linux/amd64", "debian"]);
    expect(quiet.calls[0]?.args).toEqual([
      expect.objectContaining({ platform: "linux/amd64", allTags: true, onEvent: undefined }),
    ]);
  });

  test("push prints each name with its digest", async () => {
    const { stdout, calls } = await cli(["push", "--platform=linux/arm64", "a:1", "a:2"]);
    expect(stdout).toBe(`a:1@${id("d")}\na:2@${id("d")}\n`);
    expect(calls[0]?.args).toEqual([expect.objectContaining({ images: ["a:1", "a:2"], platform: "linux/arm64" })]);
  });

  test("login asks on a terminal for what is not given", async () => {
    const asked = await cli(["login", "r.example"], { stdinIsTTY: true, line: "anna", secret: "s3cret" });
    expect([asked.code, asked.stdout]).toEqual([0, ""]);
    expect(asked.stderr).toMatch(/^Username: Password: \nLogged in to r\.example/);
    expect(asked.calls).toEqual([
      {
        name: "login",
        args: [expect.objectContaining({ registry: "r.example", username: "anna", password: "s3cret" })],
      },
    ]);
    const named = await cli(["login", "-u", "bert"], { stdinIsTTY: true, secret: "s3cret" });
    expect(named.stderr).toMatch(/^Password: \nLogged in to/);
    for (const given of [{ line: "" }, { line: "anna", secret: "" }]) {
      expect((await cli(["login"], { stdinIsTTY: true, ...given })).code).toBe(2);
    }
    const cancelled = await cli(["login", "-u", "anna"], { stdinIsTTY: true });
    expect([cancelled.code, cancelled.calls]).toEqual([130, []]);
  });

  test("login reads the password from standard input, and never tells it", async () => {
    const { stdout, stderr, calls } = await cli(["login", "-u", "anna", "--password-stdin", "r.example"], {
      line: "s3cret",
    });
    expect(calls[0]?.args).toEqual([
      expect.objectContaining({ registry: "r.example", username: "anna", password: "s3cret" }),
    ]);
    expect([stdout, stderr]).toEqual([
      "",
      "Logged in to r.example; the credentials are in /home/anna/.docker/config.json\n",
    ]);
  });

  test("logout says whether there was anything to forget", async () => {
    expect((await cli(["logout"])).stderr).toBe("Logged out of docker.io\n");
    const logout = async () => ({ registry: "r.example", had: false });
    expect((await cli(["logout", "r.example"], { library: { logout } })).stderr).toBe(
      "There are no credentials for r.example\n",
    );
  });
});

describe("what pull and push show", () => {
  const events: readonly BuildEvent[] = [
    { type: "graph", steps: [{ id: "p", text: "pull a", inputs: [] }], target: "", skippedStages: [] },
    { type: "step-start", id: "p", time: 0 },
    { type: "step-progress", id: "p", label: "downloading", current: 1_000_000, total: 2_000_000, unit: "bytes" },
    { type: "step-output", id: "p", stream: "stderr", text: "r.example: reset; trying again\n" },
    { type: "warning", message: "old" },
    { type: "step-done", id: "p", duration: 1500, note: "up to date" },
  ];
  const shown = (isTTY: boolean): string => {
    const stderr = new Buffered(isTTY);
    events.forEach(transferProgress({ stderr }));
    return stderr.text;
  };

  test("lines where nobody watches", () => {
    expect(shown(false)).toBe("pull a\n  r.example: reset; trying again\nWARNING: old\n  done in 1.5s (up to date)\n");
  });

  test("a line that moves on a terminal", () => {
    expect(shown(true)).toContain("\r\u001b[K  downloading 1MB of 2MB\r\u001b[K  r.example");
  });
});
