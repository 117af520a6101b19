import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { because, openLab, whyNoLab } from "./support/lab.ts";
import { killGroup, processGroup, stepsOf, until } from "./support/slipway.ts";

/** Stages, copies and archives enough that a kill meets every kind of work. */
const busy = (name: string): string => `FROM base AS a
RUN mkdir /many && for i in $(seq 1 200); do echo $i ${name} > /many/$i; done
FROM base AS b
COPY files /files
RUN : ${name}; cp -r /files /copied && dd if=/dev/zero of=/zeros bs=64k count=64 2>/dev/null
FROM base
WORKDIR /srv/${name}
COPY --from=a /many many
COPY --from=b /copied /zeros ./
ADD files /files
RUN rm -r many && echo ${name} > done
`;

const files = Object.fromEntries(
  Array.from({ length: 100 }, (_, at) => [`files/${at % 7}/${at}`, "x".repeat(at * 50)]),
);

describe.skipIf(whyNoLab)(`one store for several builds${because}`, () => {
  const lab = openLab();

  test.each([2, 4])("%i builds at once of the same Dockerfile share their steps and give one image", async (count) => {
    const context = lab.context({ ...files, Dockerfile: busy(`same${count}`) });
    await lab.ready();
    const runs = Array.from({ length: count }, (_, at) =>
      lab.slipway(["build", "--progress=json", "-t", `same:${at}`, context]),
    );
    const ended = await Promise.all(runs);
    expect(ended.map(({ code, stderr }) => (code === 0 ? 0 : stderr))).toEqual(ended.map(() => 0));
    const ids = ended.map(({ stderr }) => JSON.parse(stderr.trimEnd().split("\n").at(-1) as string).imageId as string);
    expect(new Set(ids).size).toBe(1);
    const ran = ended.flatMap(({ stderr }) => Object.entries(stepsOf(stderr))).filter(([, end]) => end === "ran");
    expect(ran.map(([text]) => text).filter((text) => text.startsWith("RUN"))).toHaveLength(3);
    expect(await lab.verify()).toEqual([]);
  });

  test("builds of different Dockerfiles, runs and removals at once do not get in each other's way", async () => {
    await lab.ready();
    const names = ["p", "q", "r", "s"];
    const builds = names.map((name) =>
      lab.slipway(["build", "-q", "-t", name, lab.context({ ...files, Dockerfile: busy(name) })]),
    );
    const others = Array.from({ length: 2 }, () => lab.slipway(["run", "--rm", "base", "cat", "/etc/group"]));
    for (const { code, stderr } of await Promise.all([...builds, ...others]))
      expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    for (const name of names) {
      expect((await lab.slipway(["run", "--rm", name, "cat", "done"])).stdout).toBe(`${name}\n`);
    }
    expect((await lab.slipway(["rmi", ...names])).code).toBe(0);
    expect(await lab.verify()).toEqual([]);
  });

  test("a prune beside builds takes nothing that they need", async () => {
    await lab.ready();
    const builds = new AbortController();
    const prunes = (async () => {
      let count = 0;
      for (; !builds.signal.aborted; count++) {
        const { code, stderr } = await lab.slipway(["prune", "--force"]);
        expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
      }
      return count;
    })();
    for (let round = 0; round < 3; round++) {
      const context = lab.context({ ...files, Dockerfile: busy(`pruned${round}`) });
      const { code, stderr } = await lab.slipway(["build", "-q", "-t", "pruned", context]);
      expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    }
    builds.abort();
    expect(await prunes).toBeGreaterThan(1);
    expect((await lab.slipway(["run", "--rm", "pruned", "cat", "done"])).stdout).toBe("pruned2\n");
    expect(await lab.verify()).toEqual([]);
  });

  test("a build that is killed whole at any moment leaves a store that is in order and goes on", async () => {
    const context = lab.context({ ...files, Dockerfile: busy("killed") });
    const started = Date.now();
    await lab.build(context, "--no-cache");
    const whole = Date.now() - started;
    for (let round = 0; round < 8; round++) {
      const running = lab.start(["build", "--progress=json", "--no-cache", context]);
      // Evenly over the length of a build, with some chance in it.
      await Promise.race([sleep(((round + Math.random()) / 8) * whole), running.ended]);
      killGroup(running.child);
      await running.ended;
      expect(await lab.verify()).toEqual([]);
    }
    const tree = await lab.tree(context);
    expect(tree.get("srv/killed/done")?.content).toBe("killed\n");
  });

  test.each(["caller", "engine"])("when only the %s is killed, the other one ends by itself", async (who) => {
    const mark = `sleep 4${process.pid}`;
    const context = lab.context({ Dockerfile: `FROM base\nRUN echo begun ${who}; ${mark}\n` });
    await lab.ready();
    const running = lab.start(["build", "--progress=plain", context]);
    await until(() => running.said().includes(` begun ${who}\n`));
    const group = processGroup(running.child.pid as number);
    const engine = group.find(({ command }) => command.includes("engine"));
    const victim = who === "caller" ? running.child.pid : engine?.pid;
    process.kill(victim as number, "SIGKILL");
    const { code, stderr } = await running.ended;
    if (who === "engine") {
      expect(stderr).toMatch(/ERROR: .*engine.*\(SLIP_/);
      expect(code).toBe(7);
    }
    await until(() => processGroup(running.child.pid as number).length === 0);
    expect(await lab.verify()).toEqual([]);
  });
});
