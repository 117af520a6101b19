import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { because, openLab, whyNoLab } from "./support/lab.ts";
import { killGroup, program, until } from "./support/slipway.ts";

const traps = "trap 'exit 21' TERM; trap 'exit 22' INT; trap 'exit 23' HUP";
const forever = "echo ready >&2; while :; do sleep 0.1; done";

describe.skipIf(whyNoLab)(`Signals to slipway run${because}`, () => {
  const lab = openLab();

  test.each([
    ["SIGTERM", `${traps}; ${forever}`, 21],
    ["SIGINT", `${traps}; ${forever}`, 22],
    ["SIGHUP", `${traps}; ${forever}`, 23],
    ["SIGTERM", forever, 143],
    ["SIGINT", "echo ready >&2; exec sleep 100", 130],
    ["SIGHUP", "echo ready >&2; sleep 100; exit 3", 129],
    ["SIGQUIT", "echo ready >&2; exec sleep 100", 131],
    ["SIGINT", "echo ready >&2; sleep 100; exit 3", 130],
    ["SIGUSR1", `trap 'exit 24' USR1; ${forever}`, 24],
  ] as const)('%s: sh -c "%s" ends with %i', async (name, script, code) => {
    await lab.ready();
    const { child, ended, said } = lab.start(["run", "--rm", "base", "sh", "-c", script]);
    await until(() => said().includes("ready"));
    child.kill(name);
    const began = Date.now();
    expect(await ended).toMatchObject({ code, stdout: "", stderr: "ready\n" });
    expect(Date.now() - began).toBeLessThan(5000);
  });

  test("one that comes before the container is there ends it all the same", async () => {
    await lab.ready();
    for (const after of [150, 200, 250, 300, 400]) {
      const { child, ended } = lab.start(["run", "base", "sleep", "100"]);
      await sleep(after);
      child.kill("SIGTERM");
      const { code } = await ended;
      // Before slipway catches signals it simply dies: then there is no exit code.
      expect([143, null]).toContain(code);
    }
  });

  test.each([
    ["without a terminal for the container", [], `${traps}; ${forever}`, 22],
    ["with one", ["-it"], `${traps}; ${forever}`, 22],
    ["and a program that does not care, without", [], "echo ready >&2; sleep 100; exit 3", 130],
  ])("Ctrl-C on a terminal, %s", async (_, flags, script, code) => {
    await lab.ready();
    const command = [program, "run", ...flags, "base", "sh", "-c", script].map(
      (word) => `'${word.replaceAll("'", `'\\''`)}'`,
    );
    // script(1) makes the terminal, starts a shell on it and gives its exit code
    const child = spawn("script", ["-qec", `exec ${command.join(" ")}`, "/dev/null"], {
      env: { PATH: process.env["PATH"], SLIPWAY_ROOT: lab.store },
      stdio: ["pipe", "pipe", "pipe"],
      detached: true,
    });
    const overdue = setTimeout(() => killGroup(child), 30_000);
    let shown = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (shown += text));
    const ended = new Promise((resolve) => child.once("close", resolve));
    await until(() => shown.includes("ready"));
    child.stdin.write("\x03");
    expect(await ended).toBe(code);
    clearTimeout(overdue);
  });

  test("the second one ends also an engine that hears nothing any more", async () => {
    await lab.ready();
    const context = lab.context({ Dockerfile: "FROM base\nRUN echo ready; sleep 100\n" });
    const { child, ended, said } = lab.start(["build", "--progress=plain", context]);
    await until(() => /^#\d+ [\d.]+ ready$/m.test(said()));
    const engine = descendants(child.pid as number).findLast(({ words }) => words.includes("engine-main")) as Process;
    process.kill(engine.pid, "SIGSTOP");
    child.kill("SIGTERM");
    await sleep(200);
    child.kill("SIGTERM");
    expect((await ended).code).toBe(143);
    await until(
      () => !existsSync(`/proc/${engine.pid}`) || / Z /.test(readFileSync(`/proc/${engine.pid}/stat`, "utf8")),
    );
    expect(await lab.verify()).toEqual([]);
  });

  test("many containers at once each end with their own code", async () => {
    await lab.ready();
    const codes = await Promise.all(
      Array.from({ length: 8 }, async (_, at) => (await lab.slipway(["run", "base", "sh", "-c", `exit ${at}`])).code),
    );
    expect(codes).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });
});

interface Process {
  readonly pid: number;
  readonly words: string;
}

/** Processes below one, last those that are deepest. */
function descendants(pid: number): readonly Process[] {
  const children = readdirSync(`/proc/${pid}/task`).flatMap((task) =>
    readFileSync(`/proc/${pid}/task/${task}/children`, "utf8").split(" ").filter(Boolean).map(Number),
  );
  const own = children.map((child) => ({ pid: child, words: readFileSync(`/proc/${child}/cmdline`, "utf8") }));
  return [...own, ...children.flatMap(descendants)];
}
