import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { openStore } from "../../src/store/index.ts";
import { because, openLab, whyNoLab } from "./support/lab.ts";

interface Step {
  readonly text: string;
  readonly status: string;
  readonly because?: string;
  readonly causes: readonly { readonly kind: string; readonly text: string }[];
}

describe.skipIf(whyNoLab)(`slipway plan${because}`, () => {
  const lab = openLab();
  const dockerfile = `FROM base AS build
ARG VERSION=1
COPY src /src
RUN cat /src/* > /out && echo $VERSION >> /out
FROM base AS test
RUN false
FROM scratch AS app
COPY --from=build /out /out
COPY other /other
`;
  const project = (): string =>
    lab.context({ "src/a": "a", "src/b": "b", other: "o", unused: "u", Dockerfile: dockerfile });

  const steps = async (context: string, ...args: readonly string[]): Promise<readonly Step[]> => {
    const { code, stdout, stderr } = await lab.slipway(["plan", "--format=json", ...args, context]);
    expect(stderr).toBe("");
    expect(code).toBe(0);
    return (JSON.parse(stdout) as { readonly steps: readonly Step[] }).steps;
  };
  const statuses = async (context: string, ...args: readonly string[]): Promise<Readonly<Record<string, string>>> =>
    Object.fromEntries((await steps(context, ...args)).map(({ text, status }) => [text.split(" $")[0], status]));

  const run = "RUN cat /src/* > /out && echo $VERSION >> /out";

  test("tells what is cached, what runs and why, what depends on it and what is skipped, and changes nothing", async () => {
    const context = project();
    const fresh = await statuses(context);
    expect(Object.values(fresh)).not.toContain("hit");
    await lab.build(context);
    const before = contents(lab.store);
    expect(await statuses(context)).toMatchObject({ "COPY src /src": "hit", "COPY other /other": "hit" });
    writeFileSync(join(context, "src/a"), "changed");
    expect(await steps(context)).toMatchObject([
      { text: "load build context", status: "source" },
      { text: "FROM base AS build", status: "source" },
      { text: "COPY src /src", status: "run", because: "src/a changed" },
      { text: run, status: "run", because: "it follows [build 2/3] COPY src /src" },
      { text: "COPY --from=build /out /out", status: "maybe", because: expect.stringContaining("[build 3/3] RUN cat") },
      { text: "COPY other /other", status: "maybe" },
    ]);
    expect(contents(lab.store)).toEqual(before);
    const { stdout } = await lab.slipway(["plan", context]);
    expect(stdout).toContain("src/a changed");
    expect(stdout).toMatch(/^test +skipped +not needed by target app$/m);
    expect(stdout).toContain("0 steps cached, 2 to run, 2 that may run, 1 stage skipped\n");
  });

  test("what it foresees is what the build does", async () => {
    const context = project();
    await lab.build(context);
    writeFileSync(join(context, "other"), "changed");
    const foreseen = await steps(context);
    const built = await lab.build(context);
    for (const { text, status } of foreseen) {
      if (status === "hit") expect([text, built.steps[text]]).toEqual([text, "cached"]);
      if (status === "run") expect([text, built.steps[text]]).toEqual([text, "ran"]);
      expect(status).not.toBe("maybe");
    }
    expect(foreseen.map(({ status }) => status)).toContain("run");
  });

  test("takes the flags of a build", async () => {
    const context = project();
    await lab.build(context);
    const args = await steps(context, "--build-arg", "VERSION=2");
    expect(args.find(({ text }) => text === run)).toMatchObject({
      status: "run",
      because: "build argument VERSION changed from 1 to 2",
    });
    expect(Object.values(await statuses(context, "--no-cache"))).not.toContain("hit");
    expect(await statuses(context, "--no-cache-filter", "app")).toMatchObject({
      "COPY src /src": "hit",
      "COPY other /other": "run",
    });
    expect(await statuses(context, "--target", "test")).toMatchObject({ "RUN false": "run" });
    expect(await statuses(context, "-t", "x", "-o", "type=tar,dest=never.tar", "--progress=plain")).toMatchObject({
      "COPY src /src": "hit",
    });
    expect(existsSync("never.tar")).toBe(false);
  });

  test("a store that is not there is not made for it", async () => {
    const context = lab.context({ Dockerfile: "FROM debian:bookworm\nRUN true\n" });
    const store = join(lab.folder, "no-store");
    const { code, stdout } = await lab.slipway(["plan", context], { store });
    expect(code).toBe(0);
    expect(stdout).toContain("it is made from the Debian archive");
    expect(stdout).toContain("depends on [stage-0 1/2] FROM debian:bookworm");
    expect(existsSync(store)).toBe(false);
  });

  test("a linked copy is one step, and what lies on a server is not asked for", async () => {
    const linked = lab.context({ file: "f", Dockerfile: "FROM base\nCOPY --link file /f\nRUN cat /f > /linked\n" });
    await lab.build(linked);
    expect(await statuses(linked)).toMatchObject({ "COPY --link file /f": "hit", "RUN cat /f > /linked": "hit" });
    writeFileSync(join(linked, "file"), "changed");
    expect((await steps(linked)).slice(2)).toMatchObject([
      { text: "COPY --link file /f", because: "file changed" },
      { because: "it follows [stage-0 2/3] COPY --link file /f" },
    ]);
    const remote = lab.context({ Dockerfile: "FROM base\nADD http://127.0.0.1:9/file /f\nRUN true\n" });
    expect(await statuses(remote)).toMatchObject({ "RUN true": "maybe", "ADD http://127.0.0.1:9/file /f": "maybe" });
    expect((await lab.slipway(["plan", remote])).stdout).toContain("2 that may run, 1 source to ask for\n");
  });

  test("what would end a build before its first step ends a plan", async () => {
    const missing = lab.context({ Dockerfile: "FROM base\nCOPY nothing /\n" });
    expect(await lab.slipway(["plan", missing])).toMatchObject({ code: 4, stdout: "" });
    const unknown = lab.context({ Dockerfile: "FROM nowhere\n" });
    expect(await lab.slipway(["plan", unknown])).toMatchObject({ code: 5, stdout: "" });
    expect(await lab.slipway(["plan", "--check", unknown])).toMatchObject({ code: 2, stdout: "" });
  });

  test("build --print prints the graph, and neither builds nor tells a proxy's password", async () => {
    const context = lab.context({ "src/a": "never built", other: "neither", Dockerfile: dockerfile });
    const proxy = "http://user:hunter2@proxy:3128";
    const { code, stdout, stderr } = await lab.slipway([
      "build",
      "--print",
      "--build-arg",
      `HTTP_PROXY=${proxy}`,
      context,
    ]);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).not.toContain("hunter2");
    const graph = JSON.parse(stdout) as {
      readonly target: string;
      readonly sources: readonly unknown[];
      readonly vertices: readonly {
        readonly digest: string;
        readonly inputs: readonly string[];
        readonly text: string;
      }[];
      readonly images: readonly { readonly root: string; readonly config: { readonly Env: readonly string[] } }[];
    };
    const [image] = graph.images;
    expect(graph.target).toBe("app");
    const digests = graph.vertices.map(({ digest }) => digest);
    for (const { inputs } of graph.vertices) for (const input of inputs) expect(digests).toContain(input);
    expect(graph.vertices.at(-1)).toMatchObject({ digest: image?.root, text: "COPY other /other" });
    expect(graph.sources).toContainEqual(expect.objectContaining({ kind: "image", name: "base", origin: "store" }));
    expect(graph.sources).toContainEqual(expect.objectContaining({ kind: "context", path: context }));
    expect(image?.config.Env).toHaveLength(1);
    expect(Object.values(await statuses(context))).not.toContain("hit");
  });
});

/** All that a store says of itself. */
function contents(path: string): unknown {
  using store = openStore(path);
  return [store.records.list(), store.snapshots.list(), store.images.list(), store.du().rest["statcache"]];
}
