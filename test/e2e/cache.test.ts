import { chmodSync, lutimesSync, readdirSync, renameSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { because, type Built, openLab, whyNoLab } from "./support/lab.ts";
import { until } from "./support/slipway.ts";
import { readTree } from "./support/tar-tree.ts";

/** Steps that ran, without their instruction's keyword. */
const ran = ({ steps }: Built): readonly string[] =>
  Object.entries(steps).flatMap(([text, end]) => (end === "ran" ? [text] : []));

describe.skipIf(whyNoLab)(`the cache${because}`, () => {
  const lab = openLab();

  test("a second build in another process runs nothing and gives the same image", async () => {
    const context = lab.context({
      file: "x",
      Dockerfile: `FROM base AS build
RUN cat /proc/sys/kernel/random/uuid > /random
COPY file /file
WORKDIR /made
ADD file /added/
FROM scratch
COPY --from=build /random /file /
`,
    });
    const first = await lab.build(context);
    const second = await lab.build(context);
    expect(ran(first)).toHaveLength(5);
    expect(ran(second)).toEqual([]);
    const id = ({ stderr }: Built): string => JSON.parse(stderr.trimEnd().split("\n").at(-1) as string).imageId;
    expect(id(second)).toBe(id(first));
    const other = await lab.slipway(["build", "-q", "."], { cwd: context });
    expect(other).toEqual({ code: 0, stdout: `${id(first)}\n`, stderr: "" });
  });

  test("times, places and names do not count for COPY; content, mode and kind do", async () => {
    const context = lab.context({
      "dir/a": "a",
      "dir/b": "b",
      "dir/link": { link: "a" },
      Dockerfile: "FROM scratch\nCOPY dir /dir\n",
    });
    const copies = async (path = context): Promise<number> => ran(await lab.build(path)).length;
    expect(await copies()).toBe(1);
    for (const name of ["a", "b", ""]) utimesSync(join(context, "dir", name), 1, 1);
    lutimesSync(join(context, "dir/link"), 1, 1);
    expect(await copies()).toBe(0);
    writeFileSync(join(context, "dir/a"), "A");
    expect(await copies()).toBe(1);
    writeFileSync(join(context, "dir/a"), "a");
    expect(await copies()).toBe(0);
    chmodSync(join(context, "dir/b"), 0o600);
    expect(await copies()).toBe(1);
    renameSync(join(context, "dir/b"), join(context, "dir/c"));
    expect(await copies()).toBe(1);
    writeFileSync(join(context, "elsewhere"), "not copied");
    expect(await copies()).toBe(0);
    renameSync(context, `${context}-moved`);
    expect(await copies(`${context}-moved`)).toBe(0);
    expect(readdirSync(`${context}-moved/dir`)).toEqual(["a", "c", "link"]);
  });

  test("a change of the same size within one tick of the clock is seen", async () => {
    const context = lab.context({ file: "0", Dockerfile: "FROM scratch\nCOPY file /file\n" });
    for (let at = 0; at < 4; at++) {
      writeFileSync(join(context, "file"), String(at));
      const tree = await lab.tree(context);
      expect(tree.get("file")?.content).toBe(String(at));
    }
  });

  test("COPY --from is spared when the stage was built again with the same files, and not when owner or mode changed", async () => {
    const dockerfile = (comment: string, owner: string, mode: string): string => `FROM base AS build
RUN echo ${comment} > /unused && echo same > /file && chown ${owner} /file && chmod ${mode} /file
FROM base
COPY --from=build /file /file
RUN true
`;
    const build = async (comment: string, owner = "0:0", mode = "644"): Promise<number> =>
      ran(await lab.build(lab.context({ Dockerfile: dockerfile(comment, owner, mode) }))).length;
    expect(await build("one")).toBe(3);
    expect(await build("two")).toBe(1);
    expect(await build("three", "1:1")).toBe(3);
    expect(await build("four", "0:0", "600")).toBe(3);
    expect(await build("five")).toBe(1);
  });

  test("an ARG counts from where it is used, ENV from where it is set, proxies and labels never", async () => {
    const dockerfile = (env = "1", label = "1"): string => `FROM base
ARG VERSION=1
ENV OTHER=x
RUN echo before the value is known to be used
COPY Dockerfile /unchanged-by-value/
WORKDIR /a
RUN echo $VERSION
ENV LATE=${env}
LABEL l=${label}
RUN echo last
`;
    const context = lab.context({ Dockerfile: "FROM base\n", Containerfile: dockerfile() });
    const build = async (...args: readonly string[]): Promise<readonly string[]> =>
      ran(await lab.build(context, "-f", join(context, "Containerfile"), ...args));
    expect(await build()).toHaveLength(5);
    expect(await build("--build-arg", "HTTP_PROXY=http://x", "--label", "x=y", "-t", "named")).toEqual([]);
    const changed = await build("--build-arg", "VERSION=2");
    expect(changed).toContain("RUN echo $VERSION");
    writeFileSync(join(context, "Containerfile"), dockerfile("1", "2"));
    expect(await build()).toEqual([]);
    writeFileSync(join(context, "Containerfile"), dockerfile("2", "2"));
    expect(await build()).toEqual(["RUN echo last"]);
  });

  test("an ARG that is declared late misses nothing above it", async () => {
    const context = lab.context({
      Dockerfile: "FROM base\nRUN echo above\nARG VERSION=1\nRUN echo $VERSION\nRUN echo below\n",
    });
    await lab.build(context);
    expect(ran(await lab.build(context, "--build-arg", "VERSION=2"))).toEqual(["RUN echo $VERSION", "RUN echo below"]);
    expect(ran(await lab.build(context))).toEqual([]);
  });

  test("--no-cache runs every step, and what it made is what the next build finds", async () => {
    const context = lab.context({
      Dockerfile: "FROM base\nRUN cat /proc/sys/kernel/random/uuid > /random\nRUN true\n",
    });
    const random = async (...args: readonly string[]): Promise<string | undefined> =>
      (await lab.tree(context, ...args)).get("random")?.content;
    const first = await random();
    expect(await random()).toBe(first);
    const again = await random("--no-cache");
    expect(again).not.toBe(first);
    expect(await random()).toBe(again);
  });

  test("--no-cache-filter runs the steps of the named stages, and what takes their files looks at these", async () => {
    const context = lab.context({
      Dockerfile: `FROM base AS fetch
RUN cat /proc/sys/kernel/random/uuid > /random
FROM fetch AS derived
RUN echo derived
FROM base AS other
RUN echo other
FROM base AS app
COPY --from=derived /random /random
COPY --from=other /etc/passwd /same
`,
    });
    await lab.build(context);
    expect(ran(await lab.build(context, "--no-cache-filter", "Other"))).toEqual(["RUN echo other"]);
    const again = ["RUN cat /proc/sys/kernel/random/uuid > /random", "RUN echo derived"];
    const rest = ["COPY --from=derived /random /random", "COPY --from=other /etc/passwd /same"];
    expect(ran(await lab.build(context, "--no-cache-filter=fetch,other"))).toEqual(
      expect.arrayContaining([...again, "RUN echo other", ...rest]),
    );
    expect(ran(await lab.build(context))).toEqual([]);
    const unknown = await lab.slipway(["build", "--no-cache-filter", "fetsh", context]);
    expect(unknown.code).toBe(3);
    expect(unknown.stderr).toContain('--no-cache-filter names the stage "fetsh"');
    expect(unknown.stderr).toContain("fetch");
  });

  test("a base that is removed while a build needs it is there for that build", async () => {
    await lab.build(lab.context({ Dockerfile: "FROM base\nRUN echo here > /here\n" }), "-t", "removed");
    const context = lab.context({
      Dockerfile: `FROM base AS slow
RUN sleep 2; echo slow > /slow
FROM removed
COPY --from=slow /slow /slow
RUN cat /here /slow > /both
`,
    });
    await lab.ready();
    const tar = join(lab.folder, "removed.tar");
    const building = lab.start(["build", "--progress=plain", "-o", `type=tar,dest=${tar}`, context]);
    await until(() => building.said().includes("sleep 2"));
    expect((await lab.slipway(["rmi", "removed"])).code).toBe(0);
    const { code, stderr } = await building.ended;
    expect([code, stderr]).toEqual([0, expect.stringContaining("Built")]);
    expect(readTree(tar).get("both")?.content).toBe("here\nslow\n");
    expect(await lab.verify()).toEqual([]);
  });

  test("is of use after a build that failed", async () => {
    const dockerfile = (last: string): string => `FROM base\nRUN echo first\nRUN ${last}\n`;
    const context = lab.context({ Dockerfile: dockerfile("exit 3") });
    expect((await lab.slipway(["build", context])).code).toBe(4);
    writeFileSync(join(context, "Dockerfile"), dockerfile("exit 0"));
    expect(ran(await lab.build(context))).toEqual(["RUN exit 0"]);
  });
});
