import { execFileSync } from "node:child_process";
import { readFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { because, openLab, whyNoLab } from "./support/lab.ts";

interface UsageRow {
  readonly type: string;
  readonly size: number;
  readonly reclaimable: number;
  readonly reclaimableWithAll: number;
}

describe.skipIf(whyNoLab)(`The store from the command line${because}`, () => {
  const lab = openLab();
  const onBase = (line: string): string => lab.context({ Dockerfile: `FROM base\n${line}\n` });

  test("--output type=image names the image, several times too, and a cached build as well", async () => {
    const context = onBase("RUN echo named > /named");
    const first = await lab.build(context, "-t", "named:tag", "-o", "type=image,name=named:one");
    await lab.build(context, "-o", 'type=image,"name=named:two,other/named",push=false');
    const { stdout } = await lab.slipway(["inspect", "-f", "{{json .RepoTags}}", "named:tag"]);
    expect(JSON.parse(stdout)).toEqual(["named:one", "named:tag", "named:two", "other/named:latest"]);
    expect(first.steps["RUN echo named > /named"]).toBe("ran");
    const pushed = await lab.slipway(["build", "-o", "type=image,push=true", context]);
    expect(pushed).toMatchObject({ code: 8, stdout: "" });
    expect(pushed.stderr).toContain("without a name (SLIP_OUTPUT)");
  });

  test("save writes several images to one archive, an image of several names once", async () => {
    await lab.build(onBase("RUN echo a > /a"), "-t", "save:a", "-t", "save:same");
    await lab.build(onBase("RUN echo b > /b"), "-t", "save:b");
    const archive = join(lab.folder, "several.tar");
    const ended = await lab.slipway(["save", "-o", archive, "save:a", "save:b", "save:same", "base"]);
    expect(ended).toEqual({ code: 0, stdout: "", stderr: "" });
    const names = execFileSync("tar", ["-tf", archive], { encoding: "utf8" }).trim().split("\n");
    expect(names).toHaveLength(new Set(names).size);
    const folder = join(lab.folder, "several");
    mkdirSync(folder);
    execFileSync("tar", ["-xf", archive, "-C", folder]);
    const entries = JSON.parse(readFileSync(join(folder, "manifest.json"), "utf8")) as {
      readonly RepoTags: readonly string[];
      readonly Layers: readonly string[];
    }[];
    expect(entries.map(({ RepoTags }) => RepoTags)).toEqual([["save:a", "save:same"], ["save:b"], ["base:latest"]]);
    const [a, b, base] = entries.map(({ Layers }) => Layers);
    expect(a?.slice(0, -1)).toEqual(base);
    expect(b?.slice(0, -1)).toEqual(base);
    const none = await lab.slipway(["save", "-o", join(lab.folder, "none.tar"), "save:a", "no:such"]);
    expect(none).toMatchObject({ code: 5, stdout: "" });
    expect(none.stderr).toContain("No such image: no:such");
  });

  test("du counts all that lies in the store, prune frees what it promised, at once after a build", async () => {
    const stages = lab.context({
      Dockerfile:
        "FROM base AS left\nRUN dd if=/dev/zero of=/big bs=1M count=3\nFROM scratch\nCOPY --from=left /etc /etc\n",
    });
    await lab.build(stages, "-t", "pruned");
    await lab.build(onBase("RUN echo 1 > /dangling"), "-t", "dangling");
    await lab.build(
      onBase("RUN echo 2 > /dangling"),
      "-t",
      "dangling",
      "-o",
      `type=oci,dest=${join(lab.folder, "o.tar")}`,
    );
    for (const flags of [["-f"], ["-af"]]) {
      const { stdout } = await lab.slipway(["du", "--format", "json"]);
      const rows = stdout
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line) as UsageRow);
      const total = rows.reduce((sum, { size }) => sum + size, 0);
      const used = (...options: readonly string[]): number =>
        Number(
          execFileSync("du", ["-s", "--block-size=1", ...options, lab.store], { encoding: "utf8" }).split("\t")[0],
        );
      expect(Math.abs(total - used()) / used()).toBeLessThan(0.01);
      const all = flags.includes("-af");
      const promised = rows.reduce((sum, row) => sum + (all ? row.reclaimableWithAll : row.reclaimable), 0);
      expect(promised).toBeGreaterThan(all ? 1000 : 3_000_000);
      const before = used("--exclude=slipway.db*");
      const pruned = await lab.slipway(["prune", ...flags, "--format", "json"]);
      expect(JSON.parse(pruned.stdout)).toMatchObject({ freed: promised });
      expect(Math.abs(before - used("--exclude=slipway.db*") - promised)).toBeLessThan(100_000);
    }
    const left = await lab.slipway(["images", "pruned"]);
    expect(left.stdout).toContain("pruned");
    expect(await lab.verify()).toEqual([]);
  });

  test("rmi tells what went, then what did not", async () => {
    await lab.build(onBase("RUN echo gone > /gone"), "-t", "gone:1", "-t", "gone:2");
    const ended = await lab.slipway(["rmi", "gone:1", "no:such", "gone:2"]);
    expect(ended.code).toBe(5);
    expect(ended.stdout).toMatch(/^Untagged: gone:1\nUntagged: gone:2\nDeleted: sha256:[a-f0-9]{64}\n$/);
    expect(ended.stderr).toContain("No such image: no:such");
  });
});
