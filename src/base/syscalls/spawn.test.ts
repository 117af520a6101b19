import { closeSync, openSync, readFileSync } from "node:fs";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { spawnProcess } from "./spawn.ts";

/** Runs a shell script, with its output in a file. */
async function sh(
  script: string,
  env: readonly string[] = ["PATH=/usr/bin:/bin"],
): Promise<{ end: object; out: string }> {
  const file = join(tmpdir(), `slipway-spawn-${process.pid}-${Math.random()}`);
  const input = openSync("/dev/null", "r");
  const output = openSync(file, "w");
  onTestFinished(() => [input, output].forEach((fd) => closeSync(fd)));
  const { ended } = spawnProcess("/bin/sh", ["-c", script], env, [input, output, output]);
  return { end: await ended, out: readFileSync(file, "utf8") };
}

test("the exit code or the signal is told", async () => {
  expect((await sh("exit 0")).end).toEqual({ code: 0 });
  expect((await sh("exit 42")).end).toEqual({ code: 42 });
  expect((await sh("kill -9 $$")).end).toEqual({ signal: 9 });
});

test("the environment is what was given, the streams are those, and nothing else is open", async () => {
  const { out } = await sh(
    "env | grep -v -e ^PWD -e ^SHLVL -e ^_= ; cat; ls /proc/self/fd | grep -c ^.$; echo two >&2",
    ["A=b c", "PATH=/usr/bin:/bin"],
  );
  // 0, 1, 2 and the folder that ls reads; whoever runs the tests may have left more
  expect(out.split("\n")).toEqual(["A=b c", "PATH=/usr/bin:/bin", "4", "two", ""]);
});

test("it has a session of its own, no signal is blocked, and none ignored that Node ignores", async () => {
  const { out } = await sh("cut -d ' ' -f 1,6 /proc/$$/stat; grep -E '^Sig(Blk|Ign)' /proc/self/status");
  const [stat = "", blocked, ignored] = out.split("\n");
  const [pid, session] = stat.split(" ");
  expect(session).toBe(pid);
  expect([blocked, ignored]).toEqual(["SigBlk:\t0000000000000000", "SigIgn:\t0000000000000000"]);
});

test("a program that cannot be started is an error as Node has it", () => {
  expect(() => spawnProcess("/nothing/there", [], [], [0, 1, 2])).toThrow(expect.objectContaining({ code: "ENOENT" }));
  expect(() => spawnProcess("/etc/passwd", [], [], [0, 1, 2])).toThrow(expect.objectContaining({ code: "EACCES" }));
});

test("many at once, beside processes of Node's own, are each told of", async () => {
  const own = Array.from({ length: 10 }, async (_, at) => {
    const [code] = (await once(spawn("/bin/sh", ["-c", `exit ${at}`]), "exit")) as [number];
    return code;
  });
  const ours = Array.from({ length: 30 }, async (_, at) => (await sh(`exit ${at}`)).end);
  expect(await Promise.all(own)).toEqual(Array.from({ length: 10 }, (_, at) => at));
  expect(await Promise.all(ours)).toEqual(Array.from({ length: 30 }, (_, code) => ({ code })));
  expect(process.listenerCount("SIGCHLD")).toBe(0);
});
