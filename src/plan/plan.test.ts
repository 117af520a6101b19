import { describe, expect, test } from "vitest";
import { digestOf, SlipwayError } from "../base/index.ts";
import { parseDockerfile } from "../dockerfile/index.ts";
import type { CopyOp, ExecOp, Vertex } from "../graph/index.ts";
import type { ContainerConfig } from "../oci/index.ts";
import { type BuildPlan, planBuild, type PlanOptions } from "./index.ts";

const images: Record<string, ContainerConfig> = {
  "debian:bookworm": { Env: ["PATH=/bin"], Cmd: ["bash"] },
  trigger: { Env: ["PATH=/bin"], OnBuild: ["COPY . /src", "RUN make"] },
};

async function plan(text: string, options: Partial<PlanOptions> = {}): Promise<BuildPlan> {
  return planBuild({
    dockerfile: parseDockerfile(text, { file: "Dockerfile" }),
    buildArgs: {},
    labels: {},
    context: { path: "/ctx", ignore: [] },
    namedContexts: {},
    platform: { os: "linux", architecture: "amd64" },
    network: "host",
    resolveImage: async (name, { os, architecture }) => {
      const config = images[name];
      if (!config) throw new SlipwayError({ code: "SLIP_IMAGE_UNKNOWN", message: `no image ${name}` });
      const rootfs = { type: "layers", diff_ids: [] } as const;
      return { id: digestOf(name), name, origin: "test", config: { os, architecture, config, rootfs } };
    },
    ...options,
  });
}

const op = <T extends ExecOp | CopyOp>(vertex: Vertex | undefined): T => vertex?.op as T;
const lastRun = (built: BuildPlan): ExecOp =>
  op<ExecOp>(built.vertices.findLast(({ op: { kind } }) => kind === "exec"));
const failure = async (text: string, options: Partial<PlanOptions> = {}): Promise<SlipwayError> =>
  plan(text, options).then(
    () => {
      throw new Error("it planned");
    },
    (error: SlipwayError) => error,
  );

test("an ARG takes its value from what was given alone, whatever its name", async () => {
  const built = await plan("ARG toString=1\nFROM debian:bookworm\nARG toString\nARG constructor=2\nRUN x");
  expect(lastRun(built).env).toEqual(["PATH=/bin", "toString=1", "constructor=2"]);
});

describe("stages", () => {
  const file = `FROM debian:bookworm AS Build
RUN make
FROM debian:bookworm AS test
RUN make test
FROM scratch AS app
COPY --from=build /app /app
`;

  test("only what the target reaches is planned, the rest is named", async () => {
    const built = await plan(file);
    expect(built.skippedStages).toEqual(["test: not needed by target app"]);
    expect(built.stages.map(({ name, shipped }) => [name, shipped])).toEqual([
      ["build", false],
      ["app", true],
    ]);
    expect(built.vertices.filter(({ op: { kind } }) => kind === "exec")).toHaveLength(1);
  });

  test("a target is a name in any case or a number", async () => {
    expect((await plan(file, { target: "TEST" })).target.name).toBe("test");
    expect((await plan(file, { target: "0" })).target.name).toBe("build");
  });

  test("an unknown target names the ones there are", async () => {
    const error = await failure(file, { target: "biuld" });
    expect(error).toMatchObject({ code: "SLIP_STAGE_UNKNOWN" });
    expect(error.hint).toContain('did you mean "build"?');
  });

  test("a stage goes on where another ended, with its configuration and history", async () => {
    const built = await plan("FROM debian:bookworm AS a\nENV X=1\nRUN one\nFROM a\nRUN two\n");
    expect(built.config.Env).toEqual(["PATH=/bin", "X=1"]);
    expect(built.history.map(({ entry }) => entry.created_by)).toEqual([
      "ENV X=1",
      "RUN /bin/sh -c one # slipway",
      "RUN /bin/sh -c two # slipway",
    ]);
    expect(built.stages.map(({ onStage, shipped }) => [onStage, shipped])).toEqual([
      [false, true],
      [true, true],
    ]);
  });

  test("configuration does not leak through COPY --from", async () => {
    const built = await plan(
      "FROM debian:bookworm AS a\nENV X=1\nLABEL l=1\nUSER u\nFROM scratch\nCOPY --from=a / /\n",
    );
    expect(built.config).toMatchObject({ WorkingDir: "/" });
    expect(built.config.Labels).toBeUndefined();
    expect(built.config.User).toBeUndefined();
    expect(built.config.Env).toHaveLength(1);
  });

  test("COPY --from takes a number, a later name and itself are refused", async () => {
    expect((await plan("FROM debian:bookworm\nFROM scratch\nCOPY --from=0 / /\n")).stages).toHaveLength(2);
    expect(await failure("FROM scratch\nCOPY --from=3 / /\n")).toMatchObject({ code: "SLIP_STAGE_UNKNOWN" });
    expect(await failure("FROM scratch AS me\nCOPY --from=me / /\n")).toMatchObject({ code: "SLIP_STAGE_UNKNOWN" });
  });

  test("an unknown image has its place and the stages that it may have meant", async () => {
    const error = await failure("FROM debian:bookworm AS build\nFROM scratch\nCOPY --from=bulid /a /a\n");
    expect(error).toMatchObject({ code: "SLIP_IMAGE_UNKNOWN", location: { span: { startLine: 3 } } });
    expect(error.hint).toContain('did you mean "build"?');
  });

  test("a named context stands in for an image and for a stage", async () => {
    const image = { type: "image", reference: "debian:bookworm" } as const;
    const folder = { type: "folder", path: "/other", ignore: [] } as const;
    const built = await plan("FROM ubuntu AS build\nRUN make\n", { namedContexts: { ubuntu: image } });
    expect(built.bases).toEqual({ ubuntu: "test" });
    const replaced = await plan("FROM nowhere AS dep\nRUN x\nFROM scratch\nCOPY --from=dep a b\n", {
      namedContexts: { dep: folder },
    });
    expect(replaced.vertices.map(({ op: { kind } }) => kind)).toEqual(["context", "scratch", "copy"]);
  });
});

describe("variables", () => {
  test.each([
    ["ARG V=bookworm\nFROM debian:${V}\n", {}],
    ["ARG V=trixie\nFROM debian:$V\n", { V: "bookworm" }],
  ] as const)("FROM sees global arguments: %j", async (text, buildArgs) => {
    expect((await plan(text, { buildArgs })).base?.name).toBe("debian:bookworm");
  });

  test("a stage sees a global argument only when it names it", async () => {
    const unseen = await plan("ARG V=1\nFROM debian:bookworm\nRUN x\n");
    expect(lastRun(unseen).env).toEqual(["PATH=/bin"]);
    const seen = await plan("ARG V=1\nFROM debian:bookworm\nARG V\nRUN x\n");
    expect(lastRun(seen).env).toEqual(["PATH=/bin", "V=1"]);
  });

  test("a stage has the arguments of the stage that it goes on from", async () => {
    const built = await plan("FROM debian:bookworm AS a\nARG A=1\nARG B\nFROM a AS b\nFROM b\nRUN x\nCOPY $A /\n");
    expect(lastRun(built).env).toEqual(["PATH=/bin", "A=1"]);
    expect(built.config.Env).toEqual(["PATH=/bin"]);
    expect(op<CopyOp>(built.root).sources).toMatchObject([{ path: "1" }]);
  });

  test("ENV wins over ARG, the command line over the default", async () => {
    const built = await plan("FROM debian:bookworm\nARG A=1\nARG B=1\nENV A=env\nRUN x\n", {
      buildArgs: { A: "c", B: "c" },
    });
    expect(lastRun(built).env).toEqual(["PATH=/bin", "A=env", "B=c"]);
    expect(built.config.Env).toEqual(["PATH=/bin", "A=env"]);
  });

  test("all pairs of one ENV see the variables from before it", async () => {
    const built = await plan("FROM debian:bookworm\nENV abc=hello\nENV abc=bye def=$abc\n");
    expect(built.config.Env).toEqual(["PATH=/bin", "abc=bye", "def=hello"]);
  });

  test("all arguments of one ARG see the variables from before it", async () => {
    const built = await plan("FROM debian:bookworm\nARG A=1\nARG A=2 B=$A\nRUN x\n");
    expect(lastRun(built).env).toEqual(["PATH=/bin", "A=2", "B=1"]);
  });

  test("proxies reach RUN without an ARG and are not part of its key", async () => {
    const built = await plan("FROM debian:bookworm\nRUN x\n", { buildArgs: { http_proxy: "p" } });
    expect(lastRun(built).secretEnv).toEqual(["http_proxy=p"]);
    expect(built.warnings).toEqual([]);
  });

  test("platform arguments are there when they are named", async () => {
    const built = await plan("FROM debian:bookworm\nARG TARGETARCH\nRUN x\n");
    expect(lastRun(built).env).toContain("TARGETARCH=amd64");
  });

  test("an argument that nothing declares is named", async () => {
    const { warnings } = await plan("FROM debian:bookworm\n", { buildArgs: { VRESION: "1" } });
    expect(warnings[0]?.message).toContain("VRESION");
  });

  test("a FROM whose variables are empty says so", async () => {
    expect(await failure("ARG V\nFROM $V\n")).toMatchObject({
      code: "SLIP_DOCKERFILE",
      location: { span: { startLine: 2 } },
    });
  });
});

describe("instructions", () => {
  test.each([
    ["WORKDIR /a\nWORKDIR b", { WorkingDir: "/a/b" }],
    ['ENTRYPOINT ["/x"]', { Entrypoint: ["/x"], Cmd: undefined }],
    ["CMD x y\nENTRYPOINT z", { Entrypoint: ["/bin/sh", "-c", "z"], Cmd: ["/bin/sh", "-c", "x y"] }],
    ['SHELL ["/bin/bash", "-c"]\nCMD x', { Cmd: ["/bin/bash", "-c", "x"] }],
    ["EXPOSE 80 90-91/udp", { ExposedPorts: { "80/tcp": {}, "90/udp": {}, "91/udp": {} } }],
    ["VOLUME /a /b", { Volumes: { "/a": {}, "/b": {} } }],
    ['LABEL a=1 b="2 3"', { Labels: { a: "1", b: "2 3" } }],
    ["USER 5:6", { User: "5:6" }],
    ["STOPSIGNAL SIGINT", { StopSignal: "SIGINT" }],
    ["HEALTHCHECK --interval=5s CMD x", { Healthcheck: { Test: ["CMD-SHELL", "x"], Interval: 5_000_000_000 } }],
    ["HEALTHCHECK NONE", { Healthcheck: { Test: ["NONE"] } }],
    ["ONBUILD RUN make", { OnBuild: ["RUN make"] }],
  ])("%s", async (text, expected) => {
    const { config } = await plan(`FROM debian:bookworm\n${text}\n`);
    expect(JSON.parse(JSON.stringify(config))).toMatchObject(JSON.parse(JSON.stringify(expected)) as object);
    if ("Cmd" in expected && expected.Cmd === undefined) expect(config.Cmd).toBeUndefined();
  });

  test.each([
    ["COPY a b", "/w/b"],
    ["COPY a b/", "/w/b/"],
    ["COPY a .", "/w/"],
    ["COPY a ./", "/w/"],
    ["COPY a /", "/"],
    ["COPY a b c/", "/w/c/"],
    ["COPY a /x/..", "/"],
  ])("%s goes to %s", async (text, destination) => {
    const built = await plan(`FROM scratch\nWORKDIR /w\n${text}\n`);
    expect(op<CopyOp>(built.root).destination).toBe(destination);
  });

  test("several sources need a folder", async () => {
    expect(await failure("FROM scratch\nCOPY a b c\n")).toMatchObject({ code: "SLIP_DOCKERFILE" });
  });

  test("a heredoc becomes a file, with its variables unless it is quoted", async () => {
    const built = await plan('FROM scratch\nENV V="x"\nCOPY <<a <<"b" /d/\n"$V"\na\n"$V"\nb\n');
    expect(op<CopyOp>(built.root).sources).toEqual([
      { type: "inline", name: "a", content: '"x"\n' },
      { type: "inline", name: "b", content: '"$V"\n' },
    ]);
  });

  test("a heredoc that COPY makes a file of is named as a file", async () => {
    const built = await plan("FROM scratch\nCOPY <<../a /d/\nx\n../a\n");
    expect(op<CopyOp>(built.root).sources).toEqual([{ type: "inline", name: "a", content: "x\n" }]);
    for (const name of ["a/b", "..", "/"]) {
      const error = await failure(`FROM scratch\nCOPY <<${name} /d/\nx\n${name}\n`);
      expect(error.message).toBe(`COPY cannot make a file called "${name}"`);
    }
  });

  test("RUN in its three forms", async () => {
    expect(lastRun(await plan('FROM debian:bookworm\nRUN ["a", "b"]\n')).args).toEqual(["a", "b"]);
    expect(lastRun(await plan("FROM debian:bookworm\nRUN a b\n")).args).toEqual(["/bin/sh", "-c", "a b"]);
    expect(lastRun(await plan("FROM debian:bookworm\nRUN <<E\na\nb\nE\n")).args).toEqual(["/bin/sh", "-c", "a\nb\n"]);
    const file = lastRun(await plan("FROM debian:bookworm\nRUN <<E\n#!/bin/python\nb\nE\n"));
    expect(file).toMatchObject({
      args: ["/dev/pipes/E"],
      files: [{ path: "/dev/pipes/E", content: "#!/bin/python\nb\n" }],
    });
  });

  test("ONBUILD triggers of the base run first, and are gone afterwards", async () => {
    const built = await plan("FROM trigger\nRUN last\n");
    expect(built.vertices.flatMap(({ op: { kind } }) => (kind === "copy" || kind === "exec" ? [kind] : []))).toEqual([
      "copy",
      "exec",
      "exec",
    ]);
    expect(built.config.OnBuild).toBeUndefined();
  });

  test.each([
    ["RUN --security=insecure true", "security"],
    ["COPY --parents a b/", "--parents"],
    ["COPY --exclude=x a b", "--exclude"],
    ["COPY --chmod=u+x a b", "--chmod"],
    ["ADD https://example.com/x /x", "remote"],
    ["ADD --checksum=sha256:0000000000000000000000000000000000000000000000000000000000000000 x /x", "--checksum"],
  ])("%s is refused, not ignored", async (text, named) => {
    const error = await failure(`FROM debian:bookworm\n${text}\n`);
    expect(error).toMatchObject({ code: "SLIP_UNSUPPORTED", location: { span: { startLine: 2 } } });
    expect(error.message).toContain(named);
  });

  test("another platform is refused", async () => {
    expect(await failure("FROM --platform=linux/s390x debian:bookworm\n")).toMatchObject({ code: "SLIP_UNSUPPORTED" });
    expect((await plan("FROM --platform=$BUILDPLATFORM debian:bookworm\n")).base?.name).toBe("debian:bookworm");
  });
});

test("the same text gives the same digests, another comment too, another argument not", async () => {
  const digest = async (text: string): Promise<string> => (await plan(text)).root.digest;
  const one = await digest("FROM debian:bookworm\nRUN a\n");
  expect(await digest("# hello\nFROM debian:bookworm\nRUN a\n")).toBe(one);
  expect(await digest("FROM debian:bookworm\nRUN b\n")).not.toBe(one);
  expect(await digest("FROM debian:bookworm\nENV X=1\nRUN a\n")).not.toBe(one);
});
