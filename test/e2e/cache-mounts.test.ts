import { describe, expect, test } from "vitest";
import { because, openLab, whyNoLab } from "./support/lab.ts";
import { until } from "./support/slipway.ts";

interface Mount {
  readonly id: string;
  readonly name: string;
  readonly size: number;
  readonly inUse: boolean;
  readonly usedBy: string;
}

describe.skipIf(whyNoLab)(`slipway cache${because}`, () => {
  const lab = openLab();
  const list = async (...args: readonly string[]): Promise<readonly Mount[]> => {
    const { code, stdout, stderr } = await lab.slipway(["cache", "ls", "--format=json", ...args]);
    expect([code, stderr]).toEqual([0, ""]);
    return stdout.split("\n").flatMap((line) => (line === "" ? [] : [JSON.parse(line) as Mount]));
  };
  const use = (id: string, command: string, options = ""): string =>
    `RUN --mount=type=cache,id=${id},target=/c${options} ${command}\n`;

  test("lists caches with their sizes and users, finds them by filters, and deletes them by id", async () => {
    const dockerfile = `FROM base\n${use("npm", "head -c 100000 /dev/zero > /c/big")}${use("go", "true")}${use("go", "true", ",uid=5")}`;
    await lab.build(lab.context({ Dockerfile: dockerfile }));
    const mounts = await list();
    expect(mounts.map(({ name }) => name).toSorted()).toEqual(["go", "go", "npm"]);
    const npm = mounts.find(({ name }) => name === "npm");
    expect(npm).toMatchObject({ inUse: false, usedBy: use("npm", "head -c 100000 /dev/zero > /c/big").trim() });
    expect(npm?.size).toBeGreaterThan(100_000);
    expect((await list("--filter", "id=n*")).map(({ name }) => name)).toEqual(["npm"]);
    expect(await list("--filter", "inuse=true")).toEqual([]);
    expect(await list("--filter", "until=1h")).toEqual([]);
    expect((await lab.slipway(["cache", "ls", "-q", "-f", "id=npm"])).stdout).toBe(`${npm?.id}\n`);
    const table = (await lab.slipway(["cache", "ls"])).stdout;
    expect(table).toMatch(/^ID +CACHE +SIZE +LAST USED +USED BY\n/);
    const unknown = await lab.slipway(["cache", "rm", "go", "nothing"]);
    expect(unknown).toMatchObject({ code: 2, stdout: "" });
    expect(await list()).toHaveLength(3);
    expect((await lab.slipway(["cache", "rm", "go"])).stdout.match(/^Deleted: \w+ go/gm)).toHaveLength(2);
    expect((await lab.slipway(["cache", "rm", npm?.id ?? ""])).code).toBe(0);
    expect(await list()).toEqual([]);
    expect(await lab.verify()).toEqual([]);
  });

  test("a cache that a build uses stays; a build that waits for a locked one says so", async () => {
    const [hold, wait] = ["sleep 4", "true"].map((command) =>
      lab.context({ Dockerfile: `FROM base\n${use("held", command, ",sharing=locked")}` }),
    ) as [string, string];
    await lab.ready();
    const holding = lab.start(["build", "--no-cache", "--progress=plain", hold]);
    await until(() => holding.said().includes("RUNS:"));
    while (!(await list()).some(({ inUse }) => inUse));
    const waiting = lab.start(["build", "--no-cache", "--progress=plain", wait]);
    const refused = await lab.slipway(["cache", "rm", "held"]);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toMatch(/Cannot remove the cache held \(\w+\): a build uses it now/);
    const [first, second] = await Promise.all([holding.ended, waiting.ended]);
    expect([first.code, second.code]).toEqual([0, 0]);
    expect(second.stderr).toContain("waiting for the cache held: another step has it");
    expect(first.stderr).not.toContain("waiting");
    expect((await lab.slipway(["cache", "rm", "held"])).code).toBe(0);
  });
});
