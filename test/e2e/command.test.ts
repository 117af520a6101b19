import { existsSync, lstatSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { because, openLab, whyNoLab } from "./support/lab.ts";
import { eventsOf, killGroup, processGroup, until } from "./support/slipway.ts";

describe.skipIf(whyNoLab)(`slipway build${because}`, () => {
  const lab = openLab();
  const idPattern = /^sha256:[0-9a-f]{64}$/;

  test("-q prints the image id alone, --iidfile writes it, and several -t name the image", async () => {
    const context = lab.context({ Dockerfile: "FROM base\nRUN echo not shown; echo nor this >&2\n" });
    const file = join(lab.folder, "iid");
    const { stdout, ...rest } = await lab.slipway([
      "build",
      "-q",
      "-t",
      "one",
      "-t",
      "two:v2",
      "--tag=registry.invalid:5000/a/b",
      "--iidfile",
      file,
      context,
    ]);
    expect(rest).toEqual({ code: 0, stderr: "" });
    expect(stdout.trimEnd()).toMatch(idPattern);
    expect(readFileSync(file, "utf8")).toBe(stdout.trimEnd());
    for (const name of ["one", "one:latest", "two:v2", "registry.invalid:5000/a/b:latest"]) {
      expect((await lab.slipway(["inspect", "-f", "{{.Id}}", name])).stdout).toBe(stdout);
    }
    const images = await lab.slipway(["images", "--format", "json"]);
    expect(images.stdout).toContain("two");
  });

  test("-f takes a file anywhere, from the current folder", async () => {
    const context = lab.context({ file: "x", "sub/Other.dockerfile": "FROM scratch\nCOPY file /by-other\n" });
    const outside = lab.context({ D: "FROM scratch\nCOPY file /by-outside\n" });
    const relative = await lab.slipway(["build", "-q", "-f", "sub/Other.dockerfile", "-t", "other", "."], {
      cwd: context,
    });
    expect(relative.code).toBe(0);
    const tree = await lab.tree(context, "-f", join(outside, "D"));
    expect(tree.get("by-outside")?.content).toBe("x");
  });

  test("--progress=plain shows steps, output, times and a summary on standard error", async () => {
    const dockerfile =
      "FROM base AS build\nRUN echo to stdout; echo to stderr >&2\nFROM scratch AS unused\nFROM build\nCOPY f /\n";
    const context = lab.context({ Dockerfile: dockerfile, f: "" });
    const first = await lab.slipway(["build", "--progress=plain", "-t", "plain", context]);
    expect([first.code, first.stdout]).toEqual([0, ""]);
    for (const pattern of [
      /^#\d+ \[build 2\/2\] RUN echo to stdout; echo to stderr >&2$/m,
      /^#\d+ \d+\.\d+ to stdout$/m,
      /^#\d+ \d+\.\d+ to stderr$/m,
      /^#\d+ DONE \d+\.\ds$/m,
      /^Built plain in \d/m,
      /unused/,
    ]) {
      expect(first.stderr).toMatch(pattern);
    }
    const second = await lab.slipway(["build", "-t", "plain", context]);
    expect(second.stderr).toMatch(/^#\d+ CACHED$/m);
    expect(second.stderr).toMatch(/all cached/);
  });

  test("a step that writes faster than anybody reads loses nothing and does not fill the memory", async () => {
    const context = lab.context({ Dockerfile: "FROM base\nRUN seq 1 1500000\n" });
    const { code, stderr } = await lab.slipway(["build", "--progress=plain", context]);
    expect(code).toBe(0);
    expect(stderr.match(/^#\d+ [\d.]+ \d+$/gm)).toHaveLength(1_500_000);
    expect(stderr).toMatch(/ 1500000\n#\d+ DONE/);
    const running = lab.start(["build", "-q", "--no-cache", lab.context({ Dockerfile: "FROM base\nRUN yes\n" })]);
    await until(() => processGroup(running.child.pid as number).some(({ command }) => command.includes("engine")));
    await sleep(2500);
    expect(running.child.exitCode).toBeNull();
    const sizes = processGroup(running.child.pid as number).map(({ pid }) => residentSize(pid));
    killGroup(running.child);
    expect(Math.max(...sizes)).toBeLessThan(500e6);
  });

  test("--progress=json writes one event a line, the result last", async () => {
    const context = lab.context({ Dockerfile: "FROM base\nRUN echo hello\n" });
    const { stdout, stderr } = await lab.slipway(["build", "--progress=json", "-t", "json", context]);
    expect(stdout).toBe("");
    const events = eventsOf(stderr);
    expect(events).toHaveLength(stderr.trimEnd().split("\n").length);
    expect(events.map(({ type }) => type)).toEqual(
      expect.arrayContaining(["graph", "step-start", "step-output", "step-done", "result"]),
    );
    expect(events.find(({ type }) => type === "step-output")?.text).toBe("hello\n");
    expect(events.at(-1)).toMatchObject({ type: "result", imageId: expect.stringMatching(idPattern), names: ["json"] });
  });

  test("--output type=local writes the files with modes, links and times", async () => {
    const context = lab.context({
      tool: { content: "#!/bin/sh\n", mode: 0o755 },
      Dockerfile:
        "FROM base AS b\nRUN mkdir /d && echo x > /d/f && touch -d '2001-02-03 04:05:06' /d/f && ln -s f /d/l && chmod 711 /d\nFROM scratch\nCOPY --from=b /d /d\nCOPY tool /\n",
    });
    const dest = join(lab.folder, "local-output");
    await lab.build(context, "-o", dest);
    expect(readFileSync(join(dest, "d/f"), "utf8")).toBe("x\n");
    expect(readlinkSync(join(dest, "d/l"))).toBe("f");
    expect(lstatSync(join(dest, "tool")).mode & 0o777).toBe(0o755);
    expect(lstatSync(join(dest, "d/f")).mtimeMs).toBe(Date.parse("2001-02-03T04:05:06Z"));
    expect(existsSync(join(dest, "etc"))).toBe(false);
  });

  test("an image is made even when nothing is in it", async () => {
    const context = lab.context({ Dockerfile: "FROM scratch\nLABEL empty=yes\n" });
    expect((await lab.tree(context, "-t", "empty")).size).toBe(0);
    expect(await lab.config("empty")).toMatchObject({ Labels: { empty: "yes" } });
  });
});

/** Bytes of a process in memory (proc(5), statm). */
function residentSize(pid: number): number {
  const statm = `/proc/${pid}/statm`;
  return existsSync(statm) ? Number(readFileSync(statm, "utf8").split(" ")[1]) * 4096 : 0;
}
