import { expect, test } from "vitest";
import { parseDockerfile } from "../dockerfile/index.ts";
import { type BuildPlan, planBuild, type PlanOptions } from "./index.ts";

async function plan(text: string, options: Partial<PlanOptions> = {}): Promise<BuildPlan> {
  return planBuild({
    dockerfile: parseDockerfile(text, { file: "Dockerfile" }),
    buildArgs: {},
    labels: {},
    context: { path: "/ctx", ignore: [] },
    namedContexts: { files: { type: "folder", path: "/files", ignore: [] } },
    platform: { os: "linux", architecture: "amd64" },
    network: "host",
    allow: new Set(),
    resolveImage: () => Promise.reject(new Error("no image")),
    ...options,
  });
}

const copies = "FROM scratch\nCOPY a /b/\nWORKDIR /c\n";
const given = (value: string): Partial<PlanOptions> => ({ buildArgs: { SOURCE_DATE_EPOCH: value } });

test.each([
  ["1700000000", 1_700_000_000],
  ["0", 0],
  ["00123", 123],
  ["", undefined],
])("SOURCE_DATE_EPOCH=%s is %s seconds", async (value, seconds) => {
  const built = await plan(copies, given(value));
  expect(built.epoch).toBe(seconds);
  const times = built.vertices.map(({ op }) => (op.kind === "copy" || op.kind === "mkdir" ? op.time : "none"));
  expect(times.filter((time) => time !== "none")).toEqual([seconds, seconds]);
});

test.each(["yesterday", "-1", "1e9", "1.5", "99999999999999", "nothing"])(
  "SOURCE_DATE_EPOCH=%s is refused",
  async (value) => {
    await expect(plan(copies, given(value))).rejects.toMatchObject({ code: "SLIP_USAGE" });
  },
);

test("the argument wins over a global ARG, an empty one too; an ARG in a stage is none", async () => {
  const file = `ARG SOURCE_DATE_EPOCH=5\n${copies}`;
  expect((await plan(file)).epoch).toBe(5);
  expect((await plan(file, given("7"))).epoch).toBe(7);
  expect((await plan(file, given(""))).epoch).toBeUndefined();
  expect((await plan("FROM scratch\nARG SOURCE_DATE_EPOCH=5\nCOPY a b\n")).epoch).toBeUndefined();
});

test("`context` is the time of the context where that has one, else none, with a warning", async () => {
  const file = "ARG SOURCE_DATE_EPOCH=context\nFROM scratch\nARG SOURCE_DATE_EPOCH\nENV TIME=$SOURCE_DATE_EPOCH\n";
  const remote = await plan(file, { contextTime: 12 });
  expect(remote).toMatchObject({ epoch: 12, warnings: [] });
  expect(remote.config.Env).toContain("TIME=12");
  const folder = await plan(file);
  expect(folder.epoch).toBeUndefined();
  expect(folder.config.Env).toContain("TIME=");
  expect(folder.warnings.map(({ message }) => message)).toEqual([expect.stringContaining("sets no time")]);
  expect((await plan(copies, given("files"))).warnings).toHaveLength(1);
});

const tool = "https://example.com/tool.tgz";
const file = `FROM scratch AS Source
ARG NAME=tool
ADD https://example.com/$NAME.tgz /
${copies}`;

test("a stage that adds one thing from elsewhere, and a context from elsewhere, give the time of that", async () => {
  const asked: unknown[] = [];
  const sourceTime: PlanOptions["sourceTime"] = async (op) => {
    asked.push(op.kind === "http" ? op.url : op.kind);
    return 77;
  };
  expect((await plan(file, { ...given("source"), sourceTime })).epoch).toBe(77);
  expect((await plan(`ARG SOURCE_DATE_EPOCH=source\n${file}`, { sourceTime })).epoch).toBe(77);
  const named = { there: { type: "source", op: { kind: "http", url: tool, name: "context" } } } as const;
  expect((await plan(copies, { ...given("there"), sourceTime, namedContexts: named })).epoch).toBe(77);
  expect(asked).toEqual([tool, tool, tool]);
});

test.each([
  ["RUN x", "FROM scratch AS source\nADD https://example.com/x /\nRUN x\n"],
  ["a second ADD", "FROM scratch AS source\nADD https://example.com/x /\nADD https://example.com/y /\n"],
  ["files of the context", "FROM scratch AS source\nADD x /\n"],
  ["nothing", "FROM scratch AS source\n"],
])("a stage with %s has no time", async (_what, stage) => {
  await expect(plan(stage + copies, given("source"))).rejects.toMatchObject({
    code: "SLIP_DOCKERFILE",
    message: expect.stringContaining("cannot be the time of the stage source"),
  });
});
