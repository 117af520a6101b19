import { describe, expect, test } from "vitest";
import { digestOf, SlipwayError } from "../base/index.ts";
import { parseDockerfile } from "../dockerfile/index.ts";
import type { ExecOp, Vertex } from "../graph/index.ts";
import { planBuild } from "./index.ts";

/** The last RUN of a file whose images are all there. */
async function lastRun(
  text: string,
): Promise<{ readonly op: ExecOp; readonly inputs: readonly Vertex[]; readonly history: readonly string[] }> {
  const built = await planBuild({
    dockerfile: parseDockerfile(`FROM base\n${text}`, { file: "Dockerfile" }),
    buildArgs: {},
    labels: {},
    context: { path: "/ctx", ignore: [] },
    namedContexts: { more: { type: "folder", path: "/more", ignore: [] } },
    platform: { os: "linux", architecture: "amd64" },
    network: "host",
    allow: new Set(),
    resolveImage: async (name, { os, architecture }) => {
      if (name === "missing") throw new SlipwayError({ code: "SLIP_IMAGE_UNKNOWN", message: "no image missing" });
      const rootfs = { type: "layers", diff_ids: [] } as const;
      return { id: digestOf(name), name, origin: "test", config: { os, architecture, rootfs } };
    },
  });
  const { op, inputs } = built.vertices.findLast((vertex) => vertex.op.kind === "exec") as Vertex;
  return { op: op as ExecOp, inputs, history: built.history.map(({ entry }) => entry.created_by ?? "") };
}

const failure = (text: string): Promise<SlipwayError> =>
  lastRun(text).then(
    () => {
      throw new Error("it planned");
    },
    (error: SlipwayError) => error,
  );

describe("RUN --mount", () => {
  test.each([
    ["target=.", { type: "bind", input: 1, source: "", target: "/srv", readonly: true }],
    ["type=bind,source=a/../b,dst=/x,rw", { type: "bind", input: 1, source: "b", target: "/x", readonly: false }],
    ["type=bind,src=../../etc,target=/x", { type: "bind", input: 1, source: "etc", target: "/x", readonly: true }],
    ["type=cache,target=./dir/", { type: "cache", id: "dir", target: "/srv/dir", readonly: false, sharing: "shared" }],
    [
      "type=cache,target=/c,id=go,sharing=locked,mode=0700,uid=1,gid=2,ro",
      { type: "cache", id: "go", target: "/c", readonly: true, sharing: "locked", mode: 0o700, uid: 1, gid: 2 },
    ],
    [
      "type=cache,target=/c,from=image,source=/seed",
      {
        type: "cache",
        id: "/c",
        target: "/c",
        readonly: false,
        sharing: "shared",
        seed: { input: 1, source: "seed" },
      },
    ],
    ["type=tmpfs,target=/t,size=64m", { type: "tmpfs", target: "/t", size: 64 << 20 }],
    ["type=secret,id=a/key", { type: "secret", id: "a/key", target: "/run/secrets/key", required: false }],
    ["type=secret,target=/etc/key", { type: "secret", id: "key", target: "/etc/key", required: false }],
    ["type=secret,id=k,env=KEY,required", { type: "secret", id: "k", env: "KEY", required: true }],
    [
      "type=secret,id=k,env=KEY,target=k,mode=0444",
      { type: "secret", id: "k", env: "KEY", target: "/srv/k", required: false, mode: 0o444 },
    ],
    ["type=ssh", { type: "ssh", id: "default", target: "/run/buildkit/ssh_agent.0", required: false }],
    ["type=ssh,id=git,target=/a,uid=7", { type: "ssh", id: "git", target: "/a", uid: 7, required: false }],
    ["type=$KIND,target=$DIR/x", { type: "tmpfs", target: "/dir/x" }],
  ])("%s", async (flag, expected) => {
    const { op, history } = await lastRun(`ARG KIND=tmpfs\nENV DIR=/dir\nWORKDIR /srv\nRUN --mount=${flag} true\n`);
    expect(op.mounts).toEqual([expected]);
    expect(history.at(-1)).not.toContain("mount");
  });

  test("from names stages, images and contexts; the same place is one input", async () => {
    const { op, inputs } = await lastRun(`FROM base AS tools
FROM base
RUN --mount=from=tools,target=/a --mount=from=0,target=/b --mount=from=image,target=/c --mount=from=more,target=/d \\
  --mount=from=tools,source=x,target=/e --mount=target=/f --mount=from=scratch,target=/g true
`);
    expect(op.mounts.map((mount) => "input" in mount && mount.input)).toEqual([1, 1, 2, 3, 1, 4, 5]);
    expect(inputs.slice(2).map(({ op: { kind } }) => kind)).toEqual(["image", "context", "context", "scratch"]);
  });

  test("sockets are numbered", async () => {
    const { op } = await lastRun("RUN --mount=type=ssh --mount=type=tmpfs,target=/x --mount=type=ssh,id=b true\n");
    expect(op.mounts.map(({ target }) => target)).toEqual([
      "/run/buildkit/ssh_agent.0",
      "/x",
      "/run/buildkit/ssh_agent.1",
    ]);
  });

  test.each([
    ["target=/", "SLIP_DOCKERFILE", "target /"],
    ["type=cache,target=/c,source=x", "SLIP_DOCKERFILE", "source and no from"],
    ["type=secret,env=X", "SLIP_DOCKERFILE", "id or a target"],
    ["from=later,target=/x", "SLIP_IMAGE_UNKNOWN", "missing"],
    ["from=9,target=/x", "SLIP_STAGE_UNKNOWN", "RUN --mount from=9"],
  ])("%s is an error at its place", async (flag, code, words) => {
    const error = await failure(`RUN --mount=${flag.replace("later", "missing")} true\n`);
    expect(error).toMatchObject({ code, location: { span: { startLine: 2 } } });
    expect(error.message).toContain(words);
  });
});
