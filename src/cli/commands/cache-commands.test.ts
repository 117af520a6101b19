import { describe, expect, test } from "vitest";
import type { Foreseen } from "../../index.ts";
import { cli, id } from "../fake.fixture.ts";

const foreseen: Foreseen = {
  target: "app",
  skippedStages: ["test: not needed by target app"],
  steps: [
    { id: id("1"), text: "load build context", status: "source", causes: [], dependsOn: [] },
    {
      id: id("2"),
      stage: "build",
      position: [1, 2],
      text: "FROM debian",
      status: "pull",
      because: "it is made",
      causes: [],
      dependsOn: [],
    },
    {
      id: id("3"),
      stage: "build",
      position: [2, 2],
      text: "RUN make \\\n  all",
      status: "run",
      because: "a changed and 1 more",
      causes: [
        { kind: "file", text: "a changed" },
        { kind: "file", text: "b\u001b[31m is new" },
      ],
      dependsOn: [],
    },
    {
      id: id("4"),
      stage: "app",
      position: [1, 1],
      text: "COPY --from=build /a /",
      status: "maybe",
      because: "depends on [build 2/2] RUN make",
      causes: [],
      dependsOn: [id("3")],
    },
  ],
};
const library = { foresee: async () => foreseen };

describe("plan", () => {
  test("shows a table and a sum", async () => {
    const { code, stdout } = await cli(["plan", "."], { library });
    expect(code).toBe(0);
    expect(stdout).toContain("build   2/2    run       RUN make all             a changed and 1 more\n");
    expect(stdout).toMatch(/^test +skipped +not needed by target app$/m);
    expect(stdout).toContain("0 steps cached, 1 to run, 1 that may run, 1 base to bring, 1 stage skipped\n");
  });

  test("passes the flags of a build on, and refuses what asks for something else", async () => {
    const { calls } = await cli(["plan", "--no-cache-filter=a,b", "--no-cache-filter", "c", "--pull", "-t", "x", "."]);
    expect(calls[0]).toMatchObject({
      name: "foresee",
      args: [{ context: ".", noCacheFilter: ["a", "b", "c"], pull: true }],
    });
    for (const flag of ["--check", "--print", "--call=outline"]) {
      const { code, calls: none } = await cli(["plan", flag, "."]);
      expect([code, none]).toEqual([2, []]);
    }
  });
});

describe("why", () => {
  test("tells causes without what a terminal would take for its own", async () => {
    const { stdout } = await cli(["why", "make"], { library });
    expect(stdout).toBe("[build 2/2] RUN make all\n  has to run:\n    - a changed\n    - b is new\n");
  });

  test.each([
    [["why"], undefined],
    [["why", "2", "."], "."],
    [["why", "build:2"], "."],
    [["why", "build", "src"], "src"],
    [["why", "src"], "src"],
  ] as const)("%j looks at the right context", async (argv, context) => {
    const { calls } = await cli(argv, { library });
    expect(calls[0]).toMatchObject({ name: "foresee", args: [{ context: context ?? "." }] });
  });

  test("finds steps by stage, number and text, and says so when there is none", async () => {
    const heads = async (...argv: readonly string[]): Promise<readonly string[]> =>
      (await cli(["why", ...argv, "."], { library })).stdout.split("\n").filter((line) => line.startsWith("["));
    expect(await heads("BUILD")).toEqual(["[build 1/2] FROM debian", "[build 2/2] RUN make all"]);
    expect(await heads("1")).toEqual(["[app 1/1] COPY --from=build /a /"]);
    expect(await heads("RUN make all")).toEqual(["[build 2/2] RUN make all"]);
    expect(await heads()).toHaveLength(3);
    const { code, stderr } = await cli(["why", "nothing", "."], { library });
    expect(code).toBe(2);
    expect(stderr).toContain("name a stage (build, app)");
  });
});

describe("cache", () => {
  test("ls shows a table, ids or JSON", async () => {
    expect((await cli(["cache", "ls"])).stdout).toBe(
      "ID           CACHE        SIZE     LAST USED           USED BY\n" +
        "8q3zn5t7ab   /root/.npm   12.3MB   About an hour ago   RUN npm ci\n",
    );
    expect((await cli(["cache", "ls", "-q"])).stdout).toBe("8q3zn5t7ab\n");
    expect(JSON.parse((await cli(["cache", "list", "--format=json"])).stdout)).toMatchObject({ name: "/root/.npm" });
  });

  test.each([
    ["id=/root/*", 1],
    ["id=8q3zn5t7ab", 1],
    ["id=npm", 0],
    ["inuse=true", 0],
    ["inuse=0", 1],
    ["until=30m", 1],
    ["until=2h", 0],
  ] as const)("the filter %s leaves %i", async (filter, count) => {
    const { stdout } = await cli(["cache", "ls", "-q", "--filter", filter]);
    expect(stdout.split("\n").filter(Boolean)).toHaveLength(count);
  });

  test("a filter that is none is an error", async () => {
    for (const filter of ["until=soon", "name=x", "inuse=maybe", "id="]) {
      expect((await cli(["cache", "ls", "--filter", filter])).code).toBe(2);
    }
  });

  test("rm passes the names on and tells what is gone", async () => {
    const { stdout, calls } = await cli(["cache", "rm", "npm", "go"]);
    expect(calls[0]?.args[0]).toEqual(["npm", "go"]);
    expect(stdout).toBe("Deleted: 8q3zn5t7ab /root/.npm (12.3MB)\n");
    expect((await cli(["cache", "rm"])).code).toBe(2);
  });
});

describe("shell", () => {
  test("passes on what is behind --", async () => {
    const { calls } = await cli(["shell", "build", "--before", "-e", "A=b", "--", "ls", "-l", "--before"], {});
    expect(calls[0]).toMatchObject({
      name: "shell",
      args: [{ what: "build", before: true, env: ["A=b"], command: ["ls", "-l", "--before"], tty: false }],
    });
    const bare = await cli(["shell", "--", "sh"], { stdinIsTTY: true, stdoutIsTTY: true });
    expect(bare.calls[0]).toMatchObject({ args: [{ what: undefined, command: ["sh"], tty: true }] });
    expect((await cli(["shell", "a", "b"])).code).toBe(125);
  });
});
