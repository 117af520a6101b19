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
    allow: new Set(["network.host"]),
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

test("steps are counted from the base image on, which a stage FROM a stage does not have", async () => {
  const built = await plan("FROM debian:bookworm AS a\nFROM a AS b\nFROM b\nRUN x\nRUN y");
  const positions = built.vertices.flatMap(({ origin }) => (origin.position ? [origin.position.join("/")] : []));
  expect(positions).toEqual(["1/1", "1/2", "2/2"]);
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

  test("an argument sees those before it in the same ARG", async () => {
    const built = await plan("FROM debian:bookworm\nARG A=1\nARG A=2 B=$A\nRUN x\n");
    expect(lastRun(built).env).toEqual(["PATH=/bin", "A=2", "B=2"]);
  });

  test("of ENV and ARG with one name the later wins; the image has ENV, and so has a stage made from that", async () => {
    const text = "FROM debian:bookworm AS one\nENV A=1 B=1\nARG A=2 B\nRUN x\n";
    expect(lastRun(await plan(text)).env).toEqual(["PATH=/bin", "A=2", "B=1"]);
    const built = await plan(`${text}FROM one\nENV B=3\nRUN y\n`);
    expect(lastRun(built).env).toEqual(["PATH=/bin", "A=1", "B=3"]);
    expect(built.config.Env).toEqual(["PATH=/bin", "A=1", "B=3"]);
  });

  test("nobody looks at the default of an argument that is given", async () => {
    const built = await plan("FROM debian:bookworm\nARG A=${B:?none}\nRUN x\n", { buildArgs: { A: "given" } });
    expect(lastRun(built).env).toEqual(["PATH=/bin", "A=given"]);
  });

  test("proxies reach RUN without an ARG and are not part of its key", async () => {
    const built = await plan("FROM debian:bookworm\nRUN x\n", { buildArgs: { http_proxy: "p" } });
    expect(lastRun(built).secretEnv).toEqual(["HTTP_PROXY=p", "http_proxy=p"]);
    expect(built.warnings).toEqual([]);
    const mixed = await plan("FROM debian:bookworm\nRUN x\n", { buildArgs: { No_Proxy: "n", ALL_PROXY: "" } });
    expect(lastRun(mixed).secretEnv).toEqual(["NO_PROXY=n", "no_proxy=n"]);
  });

  test("built-in arguments that do nothing are told of; those that nobody knows count as not consumed", async () => {
    const told = async (buildArgs: Readonly<Record<string, string>>): Promise<readonly string[]> =>
      (await plan("FROM debian:bookworm\n", { buildArgs })).warnings.map(({ message }) => message);
    expect(await told({ BUILDKIT_INLINE_CACHE: "1" })).toEqual([expect.stringContaining("does nothing")]);
    expect(await told({ BUILDKIT_INLINE_CACHE: "0", BUILDKIT_SYNTAX: "docker/dockerfile:1.7-labs" })).toEqual([]);
    expect(await told({ BUILDKIT_UNKNOWN: "1" })).toEqual([expect.stringContaining("BUILDKIT_UNKNOWN")]);
    await expect(told({ BUILDKIT_SYNTAX: "example.org/language" })).rejects.toMatchObject({ code: "SLIP_UNSUPPORTED" });
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

  test("RUN --device is refused, not ignored", async () => {
    const error = await failure("FROM debian:bookworm\nRUN --device=vendor.com/device=foo true\n");
    expect(error).toMatchObject({ code: "SLIP_UNSUPPORTED", location: { span: { startLine: 2 } } });
    expect(error.message).toContain("--device");
  });

  test("what a RUN may ask for is granted by the command line alone, and marked where it is not", async () => {
    const network = "FROM debian:bookworm\nRUN --mount=type=tmpfs,target=/x --network=host true\n";
    const error = await failure(network, { allow: new Set() });
    expect(error).toMatchObject({ code: "SLIP_NOT_ALLOWED", location: { span: { startLine: 2 } } });
    expect(error.location?.text.slice(error.location.span.start, error.location.span.end)).toBe("--network=host");
    expect(error.hint).toContain("--allow network.host");
    expect(op<ExecOp>((await plan(network, { allow: new Set(["network.host"]) })).root).network).toBe("host");
    const insecure = "FROM debian:bookworm\nRUN --security=insecure true\n";
    expect(await failure(insecure, { allow: new Set(["network.host"]) })).toMatchObject({ code: "SLIP_NOT_ALLOWED" });
    const granted = await plan(insecure, { allow: new Set(["security.insecure"]) });
    expect(op<ExecOp>(granted.root).security).toBe("insecure");
    expect(op<ExecOp>((await plan("FROM debian:bookworm\nRUN true\n")).root).security).toBeUndefined();
  });

  test("what every RUN gets comes from the build, the name of its host from an argument", async () => {
    const exec = { shmSize: 1024, ulimits: [{ name: "nofile", soft: 1, hard: 2 }] } as const;
    const buildArgs = { BUILDKIT_SANDBOX_HOSTNAME: "box" };
    const { root } = await plan("FROM debian:bookworm\nRUN true\n", { exec, buildArgs });
    expect(op<ExecOp>(root)).toMatchObject({ ...exec, hostname: "box" });
  });

  test("a stage is of the platform that FROM asks for, over a stage of that one's, from scratch of the target's", async () => {
    const built = await plan(
      `FROM --platform=$BUILDPLATFORM debian:bookworm AS build
FROM --platform=linux/aarch64 debian:bookworm AS arm
FROM --platform=linux/riscv64 arm AS over
FROM --platform=linux/riscv64 scratch AS empty
FROM debian:bookworm
COPY --from=build /a /b
COPY --from=over /a /b
COPY --from=empty /a /b
`,
      { platform: { os: "linux", architecture: "s390x" }, buildPlatform: { os: "linux", architecture: "amd64" } },
    );
    expect(built.stages.map(({ name, platform }) => [name, platform.architecture])).toEqual([
      ["build", "amd64"],
      ["arm", "arm64"],
      ["over", "arm64"],
      ["empty", "s390x"],
      ["stage-4", "s390x"],
    ]);
    expect(built.platform).toEqual({ os: "linux", architecture: "s390x" });
  });

  test("the image is of its base's platform unless one was asked for", async () => {
    const base = { os: "linux", architecture: "arm", variant: "v6", rootfs: { type: "layers", diff_ids: [] } } as const;
    const resolveImage: PlanOptions["resolveImage"] = async (name) => {
      return { id: digestOf(name), name, origin: "test", config: { ...base, "os.version": "1" } };
    };
    const arm = { os: "linux", architecture: "arm", variant: "v7" };
    expect((await plan("FROM other\n", { resolveImage })).platform).toEqual({
      os: "linux",
      architecture: "arm",
      variant: "v6",
      "os.version": "1",
    });
    const asked = { resolveImage, platform: arm, platformGiven: true };
    expect((await plan("FROM other\n", asked)).platform).toEqual({ ...arm, "os.version": "1" });
    expect(lastRun(await plan("FROM other\nRUN x\n", asked)).platform).toBe("linux/arm/v6");
  });

  test("what is the same for every platform has one vertex", async () => {
    const file = `FROM --platform=$BUILDPLATFORM debian:bookworm AS build
RUN make
FROM debian:bookworm
COPY --from=build /a /b
RUN true
FROM scratch AS files
COPY --from=build /a /b
`;
    const amd64 = { os: "linux", architecture: "amd64" };
    const of = (architecture: string, target?: string): Promise<BuildPlan> =>
      plan(file, { platform: { os: "linux", architecture }, buildPlatform: amd64, target });
    expect((await of("arm64")).root.digest).toBe((await of("s390x")).root.digest);
    const runs = (built: BuildPlan): readonly string[] =>
      built.vertices.filter(({ op: { kind } }) => kind === "exec").map(({ digest }) => digest);
    const [one, other] = [runs(await of("arm64", "1")), runs(await of("s390x", "1"))];
    expect(one[0]).toBe(other[0]);
    expect(one[1]).not.toBe(other[1]);
  });
});

test("the same text gives the same digests, another comment too, another argument not", async () => {
  const digest = async (text: string): Promise<string> => (await plan(text)).root.digest;
  const one = await digest("FROM debian:bookworm\nRUN a\n");
  expect(await digest("# hello\nFROM debian:bookworm\nRUN a\n")).toBe(one);
  expect(await digest("FROM debian:bookworm\nRUN b\n")).not.toBe(one);
  expect(await digest("FROM debian:bookworm\nENV X=1\nRUN a\n")).not.toBe(one);
});
