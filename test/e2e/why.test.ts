import { chmodSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { openStore } from "../../src/store/index.ts";
import { because, type Built, openLab, whyNoLab } from "./support/lab.ts";
import { eventsOf } from "./support/slipway.ts";

/** Text of each step that ran -> why. */
function reasons({ stderr }: Pick<Built, "stderr">): Readonly<Record<string, string>> {
  const events = eventsOf(stderr);
  const texts = new Map(events.flatMap(({ steps = [] }) => steps.map(({ id, text }) => [id, text] as const)));
  const told = events.filter(({ type }) => type === "step-why");
  return Object.fromEntries(told.map(({ id = "", text = "" }) => [texts.get(id) ?? id, text]));
}

describe.skipIf(whyNoLab)(`why a step runs${because}`, () => {
  const lab = openLab();

  test("a build tells the files, modes and names that changed", async () => {
    const context = lab.context({
      "src/a": "a",
      "src/b": "b",
      "src/c": "c",
      Dockerfile: "FROM base\nCOPY src /src\nRUN true\n",
    });
    expect(reasons(await lab.build(context))).toEqual({
      "COPY src /src": "never built before",
      "RUN true": "never built before",
    });
    writeFileSync(join(context, "src/a"), "changed");
    const changed = await lab.build(context);
    expect(reasons(changed)).toEqual({
      "COPY src /src": "src/a changed",
      "RUN true": "it follows [stage-0 2/3] COPY src /src",
    });
    chmodSync(join(context, "src/b"), 0o755);
    renameSync(join(context, "src/c"), join(context, "src/d"));
    expect(reasons(await lab.build(context))["COPY src /src"]).toBe(
      "src/b has mode 0755 (was 0644), src/d is new, src/c is gone",
    );
    expect(reasons(await lab.build(context))).toEqual({});
  });

  test("build arguments and variables are told with their values, but for those that may be secrets", async () => {
    const dockerfile = (mode: string): string =>
      `FROM base\nARG VERSION=1\nARG API_TOKEN\nENV MODE=${mode}\nRUN echo $VERSION\n`;
    const context = lab.context({ Dockerfile: dockerfile("debug") });
    const why = async (...args: readonly string[]): Promise<string | undefined> =>
      reasons(await lab.build(context, ...args))["RUN echo $VERSION"];
    await why("--build-arg", "API_TOKEN=hunter2");
    expect(await why("--build-arg", "API_TOKEN=hunter2", "--build-arg", "VERSION=2")).toBe(
      "build argument VERSION changed from 1 to 2",
    );
    expect(await why("--build-arg", "API_TOKEN=hunter3", "--build-arg", "VERSION=2")).toBe(
      "build argument API_TOKEN changed (its value is not shown)",
    );
    writeFileSync(join(context, "Dockerfile"), dockerfile("release"));
    expect(await why("--build-arg", "API_TOKEN=hunter3", "--build-arg", "VERSION=2")).toBe(
      "variable MODE changed from debug to release",
    );
    using store = openStore(lab.store);
    const notes = store.records.list().map(({ key }) => store.keyNotes.get(key));
    expect(JSON.stringify(notes)).toContain("API_TOKEN");
    expect(JSON.stringify(notes)).not.toContain("hunter");
  });

  test("a mount, a user, another instruction, --no-cache and what was pruned are told", async () => {
    const dockerfile = (user: string, run: string): string => `FROM base\n${user}RUN ${run}\n`;
    const context = lab.context({ Dockerfile: dockerfile("", "echo mounted") });
    const path = join(context, "Dockerfile");
    const why = async (text: string, ...args: readonly string[]): Promise<string | undefined> => {
      writeFileSync(path, text);
      return Object.values(reasons(await lab.build(context, ...args))).at(-1);
    };
    await why(dockerfile("", "echo mounted"));
    expect(await why(dockerfile("", "--mount=type=secret,id=npm echo mounted"))).toMatch(
      /^the instruction was "RUN echo mounted", mount secret npm on \/run\/secrets\/npm is new$/,
    );
    expect(await why(dockerfile("USER app\n", "echo mounted"))).toBe("user is app now");
    expect(await why(dockerfile("USER app\n", "echo mounted"), "--no-cache")).toBe("--no-cache");
    await lab.slipway(["prune", "--all", "--force"]);
    await lab.build(lab.context({ Dockerfile: "FROM scratch\nCOPY Dockerfile /\n" }));
    expect(await why(dockerfile("USER app\n", "echo mounted"))).toBe("it was built before, and pruned");
  });

  test("COPY --from tells the file of the stage, and a base that is another one is told by name", async () => {
    const dockerfile = (word: string, base = "base"): string =>
      `FROM base AS build\nRUN echo ${word} > /file\nFROM ${base}\nCOPY --from=build /file /file\n`;
    const context = lab.context({ Dockerfile: dockerfile("one") });
    const path = join(context, "Dockerfile");
    const copy = async (text: string): Promise<string | undefined> => {
      writeFileSync(path, text);
      return reasons(await lab.build(context))["COPY --from=build /file /file"];
    };
    await copy(dockerfile("one"));
    expect(await copy(dockerfile("two"))).toBe("file in stage build changed");
    await lab.build(lab.context({ Dockerfile: "FROM base\nRUN echo more > /more\n" }), "-t", "other");
    expect(await copy(dockerfile("two", "other"))).toBe("base changed from base to other");
  });

  test("the same project in another folder is compared with where it was built before", async () => {
    const files = { "src/a": "a", Dockerfile: "FROM base\nCOPY src /elsewhere\n" };
    await lab.build(lab.context(files));
    const moved = lab.context({ ...files, "src/a": "changed" });
    expect(reasons(await lab.build(moved))).toEqual({ "COPY src /elsewhere": "src/a changed" });
  });

  test("slipway why tells every cause, names steps as people do, and says of a hit when and why it was made", async () => {
    const files = Object.fromEntries(Array.from({ length: 30 }, (_, at) => [`many/f${at}`, "x"]));
    const context = lab.context({ ...files, Dockerfile: "FROM base AS build\nCOPY many /many\nRUN true # why\n" });
    const why = async (...args: readonly string[]): Promise<string> => {
      const { code, stdout, stderr } = await lab.slipway(["why", ...args, context]);
      expect([code, stderr]).toEqual([0, ""]);
      return stdout;
    };
    await lab.build(context);
    expect(await why()).toBe("Every step is cached\n");
    for (let at = 0; at < 30; at++) writeFileSync(join(context, `many/f${at}`), "changed");
    const told = await why();
    expect(told).toContain("[build 2/3] COPY many /many\n  has to run:\n    - many/f0 changed\n");
    expect(told.match(/changed$/gm)).toHaveLength(20);
    expect(told).toContain("and 10 more; --all shows them");
    expect((await why("--all", "build:2")).match(/changed$/gm)).toHaveLength(30);
    expect(await why("3")).toContain("[build 3/3] RUN true # why\n  has to run:\n    - it follows [build 2/3]");
    await lab.build(context);
    expect(await why("COPY many")).toMatch(/is cached, made .* ago; it ran then: many\/f0 changed, .* and 27 more\n$/);
    const unknown = await lab.slipway(["why", "nonsense", context]);
    expect(unknown).toMatchObject({ code: 2, stdout: "" });
    expect(unknown.stderr).toContain("No step of the build is");
    expect((await lab.slipway(["why", "COPY many"], { cwd: context })).stdout).toContain("is cached, made");
  });

  test("a build that the cache answers writes no note", async () => {
    const context = lab.context({ Dockerfile: "FROM base\nRUN echo noted\n" });
    await lab.build(context);
    const database = join(lab.store, "slipway.db");
    const before = readFileSync(database);
    await lab.build(context);
    expect(readFileSync(database).equals(before)).toBe(true);
  });
});
