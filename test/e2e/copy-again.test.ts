import { spawnSync } from "node:child_process";
import { existsSync, lstatSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { because, openLab, whyNoLab } from "./support/lab.ts";

describe.skipIf(whyNoLab)(`a large folder that is copied again${because}`, { timeout: 120_000 }, () => {
  const lab = openLab();
  const files = Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`dir/f${i}`, `content ${i} `.repeat(500)]));
  const onDisk = (): number =>
    Number(spawnSync("du", ["-s", "--block-size=1", lab.store], { encoding: "utf8" }).stdout.split("\t")[0]);
  const used = async (): Promise<Readonly<Record<string, number>>> => {
    const { stdout } = await lab.slipway(["du", "--format", "json"]);
    const rows = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as { type: string; size: number });
    return Object.fromEntries(rows.map(({ type, size }) => [type, size]));
  };

  test("takes the room of what changed, and a step that writes to one of its files changes no other copy", async () => {
    const context = lab.context({
      ...files,
      Dockerfile:
        "FROM base AS copied\nCOPY dir /app\nFROM copied AS run\nRUN echo changed > /app/f5 && chmod 600 /app/f6\n",
    });
    await sleep(50);
    await lab.build(context, "--target", "copied", "-t", "first");
    await lab.build(context, "-t", "changed");
    const before = await used();
    writeFileSync(join(context, "dir/f1"), "other");
    await sleep(50);
    await lab.build(context, "--target", "copied", "-t", "second");
    const after = await used();
    const grown = Object.values(after).reduce((a, b) => a + b) - Object.values(before).reduce((a, b) => a + b);
    // 300 files of two blocks each take more than two megabytes.
    expect(grown).toBeLessThan(700_000);

    const tree = await lab.tree(context, "--target", "copied");
    expect(["f1", "f5", "f299"].map((name) => tree.get(`app/${name}`)?.content)).toEqual([
      "other",
      files["dir/f5"],
      files["dir/f299"],
    ]);
    expect(tree.get("app/f6")?.mode).toBe("644");
    expect((await lab.tree(context)).get("app/f5")?.content).toBe("changed\n");
    const total = Object.values(await used()).reduce((a, b) => a + b);
    expect(Math.abs(total - onDisk())).toBeLessThan(200_000);
    expect(await lab.verify()).toEqual([]);
  });

  test("frees with the last image that has it", async () => {
    const before = onDisk();
    await lab.slipway(["rmi", "first", "second", "changed"]);
    await lab.slipway(["prune", "-af"]);
    expect(before - onDisk()).toBeGreaterThan(2_000_000);
    const kept = join(lab.store, "copied");
    const left = existsSync(kept)
      ? readdirSync(kept, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
      : [];
    expect(
      left.map((entry) => lstatSync(join(entry.parentPath, entry.name)).nlink).filter((links) => links === 1),
    ).toEqual([]);
    expect(await lab.verify()).toEqual([]);
  });
});
