import { statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { because, openLab, whyNoLab } from "./support/lab.ts";
import { killGroup, until } from "./support/slipway.ts";

describe.skipIf(whyNoLab)(`slipway shell${because}`, () => {
  const lab = openLab();
  const shell = (...args: readonly string[]) => lab.slipway(["shell", ...args]);
  const fail = async (dockerfile: string, ...args: readonly string[]): Promise<string> => {
    const context = lab.context({ "in/listed": "from the context", Dockerfile: dockerfile });
    const { code, stderr } = await lab.slipway(["build", "--progress=plain", ...args, context]);
    expect(code).toBe(4);
    expect(stderr).toContain("`slipway shell` opens what it left");
    return context;
  };

  test("opens what the failed command left, with the step's variables, user, working folder, network and mounts", async () => {
    writeFileSync(join(lab.folder, "secret"), "hunter2");
    await fail(
      `FROM base
ARG VERSION=3
ENV MODE=debug
RUN mkdir -m 777 /work
WORKDIR /work
USER app
RUN --mount=type=cache,target=/cache,mode=777 --mount=type=bind,source=in,target=/in \\
    --mount=type=secret,id=key,mode=444 --network=none echo half > half && echo kept > /cache/kept && rm nothing
`,
      "--secret",
      `id=key,src=${join(lab.folder, "secret")}`,
    );
    const script =
      "pwd; cat half; id -u; echo $VERSION $MODE $HOME; cat /cache/kept /in/*; ls /sys/class/net; cat /run/secrets/key";
    const without = await shell("--", "sh", "-c", script);
    const lines = ["/work", "half", "1234", "3 debug /home/app", "kept", "from the context", "lo"].join("\n");
    expect(without.stdout).toBe(`${lines.replace("context\n", "context")}\n`);
    expect(without.code).toBe(1);
    expect(without.stderr).toContain("/run/secrets/key");
    const given = await shell("--secret", `id=key,src=${join(lab.folder, "secret")}`, "--", "cat", "/run/secrets/key");
    expect(given).toMatchObject({ code: 0, stdout: "hunter2" });
    expect(
      (await shell("--user", "0", "-w", "/", "-e", "MODE=x", "--", "sh", "-c", "id -u; pwd; echo $MODE $HOME")).stdout,
    ).toBe("0\n/\nx /root\n");
  });

  test("--before is the state before the step; what is changed is gone; the exit code is the command's", async () => {
    await fail("FROM base\nWORKDIR /w\nRUN echo first > first\nRUN echo half > half; exit 3\n");
    expect((await shell("--", "ls")).stdout).toBe("first\nhalf\n");
    expect((await shell("--before", "--", "ls")).stdout).toBe("first\n");
    expect(await shell("--", "sh", "-c", "echo more > more; exit 7")).toMatchObject({ code: 7 });
    expect((await shell("--", "ls")).stdout).toBe("first\nhalf\n");
    expect(await lab.verify()).toEqual([]);
  });

  test("is named by stage or id, and listed; the latest is what no name means", async () => {
    await fail("FROM base AS one\nRUN echo one > /which; false\n");
    await fail("FROM base AS two\nRUN echo two > /which; exit 9\n");
    const list = (await shell("--list")).stdout.trimEnd().split("\n");
    expect(list[0]).toMatch(/^ID +FAILED +STEP +EXIT CODE +INSTRUCTION$/);
    expect(list[1]).toMatch(/two 2\/2 +9 +RUN echo two/);
    expect(list[2]).toMatch(/one 2\/2 +1 +RUN echo one/);
    const id = list[2]?.split(" ", 1)[0] ?? "";
    const which = async (...args: readonly string[]): Promise<string> =>
      (await shell(...args, "--", "cat", "/which")).stdout;
    expect([await which(), await which("one"), await which(id)]).toEqual(["two\n", "one\n", "one\n"]);
    const unknown = await shell("nothing");
    expect(unknown.code).toBe(125);
    expect(unknown.stderr).toContain("No failed step and no image is called nothing");
  });

  test("the next build goes on from the last step that was done", async () => {
    const dockerfile = (last: string): string => `FROM base\nRUN echo first\nCOPY in /in\nRUN ${last}\n`;
    const context = await fail(dockerfile("exit 3"));
    writeFileSync(join(context, "Dockerfile"), dockerfile("exit 0"));
    const { steps } = await lab.build(context);
    expect(steps).toMatchObject({ "RUN echo first": "cached", "COPY in /in": "cached", "RUN exit 0": "ran" });
  });

  test("opens an image; of one without a shell it says so, and takes one of this machine", async () => {
    const image = lab.context({ Dockerfile: "FROM base\nENV A=b\nWORKDIR /w\nUSER app\n" });
    await lab.build(image, "-t", "image");
    expect((await shell("image", "--", "sh", "-c", "pwd; id -u; echo $A")).stdout).toBe("/w\n1234\nb\n");
    await lab.build(lab.context({ file: "x", Dockerfile: "FROM scratch\nCOPY file /\n" }), "-t", "bare");
    const bare = await shell("bare");
    expect(bare.code).toBe(125);
    expect(bare.stderr).toContain("Cannot open a shell in the image bare: it has none");
    const places = (process.env["PATH"] ?? "").split(":").map((folder) => join(folder, "busybox"));
    const busybox = places.find((path) => statSync(path, { throwIfNoEntry: false })?.isFile()) ?? "";
    const lent = await shell("--volume", `${busybox}:/busybox`, "bare", "--", "/busybox", "cat", "/file");
    expect(lent).toMatchObject({ code: 0, stdout: "x" });
  });

  test("a shell reads what it is given, and the stage's SHELL is it", async () => {
    await fail('FROM base\nRUN ln -s busybox /bin/ash\nSHELL ["/bin/ash", "-e", "-c"]\nRUN exit 2\n');
    const running = lab.start(["shell", "--", "sh", "-c", "echo $0"]);
    expect(await running.ended).toMatchObject({ code: 0, stdout: "sh\n" });
    const none = await shell();
    expect(none.code).toBe(0);
  });

  test("what failed steps left is shown by du and taken by prune", async () => {
    await fail("FROM base\nRUN head -c 300000 /dev/zero > /big; false\n");
    const { stdout } = await lab.slipway(["du", "--format=json"]);
    const rows = stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as { type: string; size: number });
    expect(rows.find(({ type }) => type === "failed steps")?.size).toBeGreaterThan(300_000);
    expect((await lab.slipway(["prune", "--force"])).stdout).toMatch(/[123] failed steps?/);
    const gone = await shell();
    expect(gone.code).toBe(125);
    expect(gone.stderr).toContain("No step has failed");
    expect(await lab.verify()).toEqual([]);
  });

  test("killed at any moment, a build that fails and a shell leave the store whole", async () => {
    const context = lab.context({ Dockerfile: "FROM base\nRUN for i in $(seq 300); do echo $i > /f$i; done; false\n" });
    for (const wait of [250, 350, 450, 550, 700]) {
      const running = lab.start(["build", "--no-cache", "--progress=plain", context]);
      const timer = setTimeout(() => killGroup(running.child), wait);
      await running.ended;
      clearTimeout(timer);
      expect(await lab.verify()).toEqual([]);
    }
    await lab.slipway(["build", context]);
    const open = lab.start(["shell", "--", "sh", "-c", "echo ready >&2; sleep 60"]);
    await until(() => open.said().includes("ready"));
    killGroup(open.child);
    await open.ended;
    expect(await lab.verify()).toEqual([]);
    expect((await shell("--", "cat", "/f300")).stdout).toBe("300\n");
  });
});
