import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { because, openLab, whyNoLab } from "./support/lab.ts";
import { keptEnvironment, program, startGroup } from "./support/slipway.ts";

describe.skipIf(whyNoLab)(`streams of slipway run${because}`, () => {
  const lab = openLab();

  /** `slipway run` of a script as another user, from a shell that redirects it. */
  const run = async (script: string, redirections: string) => {
    await lab.ready();
    const env = { ...keptEnvironment("HOME"), SLIPWAY_ROOT: lab.store };
    const line = `"$0" run --rm -i --user 1234 base sh -c "$1" ${redirections}`;
    return startGroup(["sh", "-c", line, program, script], { cwd: lab.folder, env }).ended;
  };
  const read = (name: string): string => readFileSync(join(lab.folder, name), "utf8");
  const owner = (name: string): number => statSync(join(lab.folder, name)).uid;

  test("files stay their owner's, whoever the container runs as", async () => {
    writeFileSync(join(lab.folder, "in"), "1\n".repeat(100_000));
    const script = "cat; echo again > /dev/stdout; echo bad >&2; exit 3";
    expect((await run(script, "< in > out 2> err")).code).toBe(3);
    expect(read("out")).toBe(`${read("in")}again\n`);
    expect(read("err")).toMatch(/^bad$/m);
    expect(["in", "out", "err"].map(owner)).toEqual(["in", "out", "err"].map(() => process.getuid?.()));
  });

  test("one file for both keeps the order; what is there is appended to; nobody has to read", async () => {
    writeFileSync(join(lab.folder, "log"), "first\n");
    const script = "for i in 1 2 3; do echo out $i; echo err $i >&2; done";
    const { code } = await run(script, "< in >> log 2>&1");
    const lines = read("log").split("\n");
    expect([code, lines[0], ...lines.filter((line) => /^(out|err) \d$/.test(line))]).toEqual([
      0,
      "first",
      "out 1",
      "err 1",
      "out 2",
      "err 2",
      "out 3",
      "err 3",
    ]);
  });
});
