import { execFileSync } from "node:child_process";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { because, openLab, whyNoLab } from "./support/lab.ts";
import { keptEnvironment, program, startGroup, until } from "./support/slipway.ts";

describe.skipIf(whyNoLab)(`streams of slipway run${because}`, () => {
  const lab = openLab();

  /** `slipway run` of a script as another user, from a shell that redirects it; its exit code is in the file `code`. */
  const start = (script: string, redirections: string, behind = "") => {
    const env = { ...keptEnvironment("HOME"), SLIPWAY_ROOT: lab.store };
    const command = `{ "$0" run --rm -i --user 1234 base sh -c "$1" <&0 & echo $! > pid; wait $!; code=$?; echo $code > code; exit $code; }`;
    const line = `${command} ${redirections} ${behind}`;
    return startGroup(["bash", "-c", line, program, script], { cwd: lab.folder, env });
  };
  const run = async (...how: Parameters<typeof start>) => {
    await lab.ready();
    return start(...how).ended;
  };
  const read = (name: string): string => readFileSync(join(lab.folder, name), "utf8");
  const owner = (name: string): number => statSync(join(lab.folder, name)).uid;

  test("files stay their owner's, whoever the container runs as", async () => {
    writeFileSync(join(lab.folder, "in"), "1\n".repeat(100_000));
    const script = "cat; echo again > /dev/stdout; echo bad >&2; exit 3";
    expect((await run(script, "< in > out 2> err")).code).toBe(3);
    expect(read("out")).toBe(`${read("in")}again\n`);
    expect(read("err")).toMatch(/^bad$/m);
    expect(["in", "out", "err"].map(owner)).toEqual(["in", "out", "err"].map(() => process.getuid?.()));
  });

  test("one file for both keeps the order; what is there is appended to; nobody has to read", async () => {
    writeFileSync(join(lab.folder, "log"), "first\n");
    const script = "for i in 1 2 3; do echo out $i; echo err $i >&2; done";
    const { code } = await run(script, "< in >> log 2>&1");
    const lines = read("log").split("\n");
    expect([code, lines[0], ...lines.filter((line) => /^(out|err) \d$/.test(line))]).toEqual([
      0,
      "first",
      "out 1",
      "err 1",
      "out 2",
      "err 2",
      "out 3",
      "err 3",
    ]);
  });

  test("a file goes on to its end where the output is none; what a pipe has left is there for the next", async () => {
    writeFileSync(join(lab.folder, "in"), "1\n".repeat(100_000));
    await run("sleep 0.2; cat", "< in 2> /dev/null", "| cat > out");
    expect(read("out")).toBe(read("in"));
    const script = `echo "1 2 3" | tr " " "\\n" | { "$0" run --rm -i base sh -c 'read line; echo got $line'; cat; }`;
    const env = { ...keptEnvironment("HOME"), SLIPWAY_ROOT: lab.store };
    const { stdout } = await startGroup(["bash", "-c", script, program], { cwd: lab.folder, env }).ended;
    expect(stdout).toBe("got 1\n2\n3\n");
  });

  test("who reads slowly gets all of it, in order, and the exit code is the command's", async () => {
    const script = "head -c 3000000 /dev/zero; for i in 1 2 3; do echo out $i; echo err $i >&2; done; exit 5";
    await run(script, "2>&1", "| { sleep 0.5; tr -d '\\0' > out; }");
    expect([read("code"), read("out")]).toEqual(["5\n", "out 1\nerr 1\nout 2\nerr 2\nout 3\nerr 3\n"]);
    await run("seq 3000000", "", "| tail -1 > out");
    expect([read("code"), read("out")]).toEqual(["0\n", "3000000\n"]);
  });

  test("a command that writes on without a reader is ended as by SIGPIPE; one that does not goes on", async () => {
    const begun = Date.now();
    await run("while :; do echo x; done 2> /dev/null", "", "| head -1 > out");
    expect([read("code"), read("out")]).toEqual(["141\n", "x\n"]);
    expect(Date.now() - begun).toBeLessThan(20_000);
    await run("echo a; sleep 0.2; echo b 2> /dev/null; sleep 2; exit 7", "", "| head -1 > out");
    expect([read("code"), read("out")]).toEqual(["7\n", "a\n"]);
  });

  test("a signal ends it also where nobody reads what is left", async () => {
    await lab.ready();
    const running = start("echo begun >&2; yes", "", "| sleep 300");
    await until(() => /^begun$/m.test(running.said()));
    process.kill(Number(read("pid")), "SIGTERM");
    writeFileSync(join(lab.folder, "code"), "");
    await until(() => read("code") !== "");
    expect(read("code")).toBe("143\n");
    process.kill(-(running.child.pid as number), "SIGKILL");
    await running.ended;
  });

  test("named pipes and devices stay their owner's, and a full disk is one error", async () => {
    execFileSync("mkfifo", [join(lab.folder, "pipe")]);
    await run("echo through", "> pipe", "& cat pipe > out; wait");
    expect([read("out"), owner("pipe")]).toEqual(["through\n", process.getuid?.()]);
    const before = statSync("/dev/full").uid;
    const { code, stderr } = await run("echo lost; exit 0", "> /dev/full");
    expect([code, statSync("/dev/full").uid]).toEqual([125, before]);
    expect(stderr.match(/^ERROR: .*$/gm)).toEqual([
      "ERROR: Cannot write to standard output: ENOSPC: no space left on device, write (SLIP_DISK_FULL)",
    ]);
    expect((await run("exit 3", "> /dev/full")).code).toBe(3);
  });
});
