import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { because, openLab, whyNoLab } from "./support/lab.ts";

/** `Rule line` of each warning of a build with --progress=json. */
const warned = ({ stderr }: { readonly stderr: string }): readonly string[] =>
  stderr
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Readonly<Record<string, string | number>>)
    .flatMap(({ type, code, line }) => (type === "warning" ? [`${code} ${line}`] : []));

const file = `FROM base AS unused
COPY $nowhere /
FROM base AS App
ENV PATH=$PAHT:$PATH
COPY --chown=1:1 file /
CMD sh
`;
const found = ["StageNameCasing 3", "UndefinedVar 4", "JSONArgsRecommended 6"];

describe.skipIf(whyNoLab)(`build checks${because}`, () => {
  const lab = openLab();

  test("a build warns of what it finds in the stages that it needs, and again when the cache answers", async () => {
    const context = lab.context({ file: "x", Dockerfile: file });
    expect(warned(await lab.build(context))).toEqual(found);
    const again = await lab.build(context);
    expect([warned(again), Object.values(again.steps).filter((end) => end === "ran")]).toEqual([found, []]);
    const other = await lab.slipway(["build", "--progress=json", "--target=unused", "."], { cwd: context });
    expect([other.code, warned(other)]).toEqual([3, ["UndefinedVar 2", "StageNameCasing 3"]]);
  });

  test("people see the lines with the place marked, and their number", async () => {
    const context = lab.context({ file: "x", Dockerfile: file });
    const { code, stderr } = await lab.slipway(["build", "--progress=plain", "."], { cwd: context });
    expect(code).toBe(0);
    expect(stderr).toContain(
      "\n3 warnings found:\n - StageNameCasing: The stage name App is not in lower case (line 3)\n",
    );
    expect(stderr).toContain("      3 | >>> FROM base AS App\n");
    expect(stderr).toContain("did you mean $PATH?");
  });

  test("skip and error, from the file and from the build argument", async () => {
    const context = lab.context({ file: "x", Dockerfile: `# check=skip=UndefinedVar;error=true\n${file}` });
    const args = ["build", "--progress=json", "--target=app"];
    const refused = await lab.slipway([...args, "."], { cwd: context });
    expect([refused.code, warned(refused)]).toEqual([3, ["StageNameCasing 4", "JSONArgsRecommended 7"]]);
    expect(refused.stderr).toContain('"code":"SLIP_CHECK"');
    expect(refused.stderr).not.toContain("step-start");
    const given = await lab.slipway([...args, "--build-arg=BUILDKIT_DOCKERFILE_CHECK=skip=all", "."], { cwd: context });
    expect([given.code, warned(given)]).toEqual([0, []]);
  });

  test("what the checks know stands beside the error that it led to", async () => {
    const context = lab.context({ file: "x", ".dockerignore": "file\n", Dockerfile: "FROM scratch\nCOPY file /\n" });
    const { code, stderr } = await lab.slipway(["build", "--progress=json", "."], { cwd: context });
    expect(code).not.toBe(0);
    expect(warned({ stderr })).toEqual(["CopyIgnoredFile 2"]);
    const other = lab.context({ Dockerfile: "FROM $image\n" });
    const failed = await lab.slipway(["build", "--progress=json", "."], { cwd: other });
    expect([failed.code, warned(failed)]).toEqual([3, ["InvalidDefaultArgInFrom 1", "UndefinedArgInFrom 1"]]);
  });

  test("--check looks at every stage, builds nothing, and ends with 1", async () => {
    const context = lab.context({ file: "x", Dockerfile: file });
    const before = readdirSync(join(lab.store, "snapshots")).length;
    const { code, stdout, stderr } = await lab.slipway(["build", "--check", "."], { cwd: context });
    expect([code, stderr]).toEqual([3, expect.stringContaining("COPY has an empty source (SLIP_DOCKERFILE)")]);
    expect(stdout).toContain("Check complete, 4 warnings have been found!");
    const app = await lab.slipway(["build", "--check", "--target=app", "."], { cwd: context });
    expect([app.code, app.stderr]).toEqual([1, ""]);
    expect(app.stdout).toContain("3 warnings have been found!");
    const good = lab.context({ Dockerfile: "FROM base\nRUN true\n" });
    expect(await lab.slipway(["build", "--check", "."], { cwd: good })).toEqual({
      code: 0,
      stdout: "Check complete, no warnings found.\n",
      stderr: "Whether the image can start is told after a build: the checks of the result need one.\n",
    });
    expect(readdirSync(join(lab.store, "snapshots"))).toHaveLength(before);
  });

  test("--check of a base that is not at hand fetches nothing and says nothing of its variables", async () => {
    const store = join(lab.folder, "no-store");
    const context = lab.context({ Dockerfile: "FROM nowhere.example/java\nWORKDIR /a\nCOPY $JAVA_HOME .\n" });
    const { code, stdout } = await lab.slipway(["build", "--call=check,format=json", "--store", store, "."], {
      cwd: context,
    });
    expect([code, (JSON.parse(stdout) as { warnings: unknown }).warnings]).toEqual([0, []]);
    expect(existsSync(store)).toBe(false);
    const debian = lab.context({ Dockerfile: "FROM debian:bookworm-slim\nCOPY $PAHT /\n" });
    const known = await lab.slipway(["build", "--check", "--store", store, "."], { cwd: debian });
    expect(known.stdout).toContain("did you mean $PATH?");
  });
});
