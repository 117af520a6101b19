import { expect, test } from "vitest";
import type { SlipwayError } from "../../base/index.ts";
import { parseDockerfile } from "../../dockerfile/index.ts";
import type { CopyOp } from "../../graph/index.ts";
import { type BuildPlan, planBuild } from "../index.ts";

async function plan(line: string): Promise<BuildPlan> {
  return planBuild({
    dockerfile: parseDockerfile(`FROM scratch\nARG MODE=u=rwX\nARG NONE\nWORKDIR /w\n${line}\n`, {
      file: "Dockerfile",
    }),
    buildArgs: {},
    labels: {},
    context: { path: "/ctx", ignore: [] },
    namedContexts: {},
    platform: { os: "linux", architecture: "amd64" },
    network: "host",
    allow: new Set(),
    resolveImage: () => Promise.reject(new Error("no image is asked for")),
  });
}

const copyOf = (built: BuildPlan): CopyOp => built.vertices.findLast(({ op }) => op.kind === "copy")?.op as CopyOp;
const failure = async (line: string): Promise<SlipwayError> =>
  plan(line).then(
    () => expect.unreachable(),
    (error: SlipwayError) => error,
  );

test.each([
  ["COPY --chmod=640 a b", { chmod: 0o640 }],
  ["COPY --chmod=$NONE --chown=$NONE a b", { chmod: undefined, chown: undefined }],
  ["ADD --chmod=+x a b", { chmod: [{ type: "add", bits: 0o111 }], unpack: true }],
  ["ADD --unpack=false a b", { unpack: false }],
  ["COPY --parents x/./a b", { parents: true, sources: [{ type: "path", input: 1, path: "x/./a" }] }],
  ["COPY --parents=false a b", { parents: undefined }],
  ["COPY --exclude=*.md --exclude=!a.md . b", { excludes: ["*.md", "!a.md"] }],
])("%s", async (line, expected) => {
  expect(copyOf(await plan(line))).toMatchObject(expected);
});

test("what stands in the Dockerfile is copied after what does not", async () => {
  const built = await plan("COPY <<one a <<two b/\n1\none\n2\ntwo");
  expect(copyOf(built).sources.map((source) => (source.type === "path" ? source.path : source.name))).toEqual([
    "a",
    "one",
    "two",
  ]);
  expect(built.history.at(-1)?.entry.created_by).toBe("COPY a <<one <<two b/ # slipway");
});

test("the history tells what docker build tells", async () => {
  const built = await plan("COPY --link=false --exclude=x --chmod=$MODE --chown=1:2 --parents a c b/");
  expect(built.history.at(-1)?.entry.created_by).toBe("COPY --parents --chown=1:2 --chmod=u=rwX a c b/ # slipway");
});

test("a linked copy is made on nothing, and put on what is there", async () => {
  const built = await plan("COPY --link --chown=1:2 a b");
  expect(built.root.op).toEqual({ kind: "link" });
  const [copy, below] = built.root.inputs;
  expect(below?.op.kind).toBe("mkdir");
  expect(copy?.op).toMatchObject({ kind: "copy", destination: "/w/b" });
  expect(copy?.inputs.map(({ op }) => op.kind)).toEqual(["scratch", "context"]);
  expect([copy?.origin.position, built.root.origin.position]).toEqual([[2, 2], undefined]);
  expect(built.history.at(-1)?.layer).toBe(built.root);
  expect(built.target.own.at(-1)).toBe(built.root);
});

test("with --chmod a copy is not linked, as for docker build", async () => {
  expect((await plan("COPY --link --chmod=755 a b")).root.op.kind).toBe("copy");
});

test.each([
  ["COPY --link --chown=app a b", "--link --chown=app"],
  ["ADD --link --chown=1:staff a b", "does not see the accounts"],
  ["COPY --chmod=64a a b", "Invalid COPY --chmod"],
  ["ADD --chmod=10000 a b", "Invalid ADD --chmod"],
  ["COPY --exclude=[a . b", "Invalid COPY --exclude"],
  ["COPY --exclude=! . b", "Invalid COPY --exclude"],
])("%s is wrong", async (line, message) => {
  const error = await failure(line);
  expect(error).toMatchObject({ code: "SLIP_DOCKERFILE", location: { span: { startLine: 5 } } });
  expect(error.message).toContain(message);
  expect(error.hint).toBeDefined();
});

test.each([
  ["COPY a c b", "several sources"],
  ["COPY --exclude=$NONE/x . b", "variables are not replaced"],
])("%s is told of", async (line, message) => {
  const { warnings } = await plan(line);
  expect(warnings).toMatchObject([{ type: "warning", message: expect.stringContaining(message) as string, line: 5 }]);
});
