import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { errorCodes } from "../../src/base/index.ts";
import { because, openLab, whyNoLab } from "./support/lab.ts";

const lab = openLab();

/** A step that makes so many megabytes. */
const step = (name: string, size: number): string =>
  `RUN dd if=/dev/urandom of=/${name} bs=1M count=${size} 2>/dev/null`;
const context = (name: string, size = 5): string => lab.context({ Dockerfile: `FROM base\n${step(name, size)}\n` });

/** Writes a configuration and gives the environment that names it. */
function limited(storage: unknown) {
  const file = join(lab.folder, "config", "limit.json");
  mkdirSync(join(lab.folder, "config"), { recursive: true });
  writeFileSync(file, JSON.stringify({ storage }));
  return { env: { SLIPWAY_CONFIG: file } };
}

const used = (): number =>
  Number(execFileSync("du", ["-s", "--block-size=1", lab.store], { encoding: "utf8" }).split("\t")[0]);

describe.skipIf(whyNoLab)(`a store with a limit${because}`, () => {
  test(
    "evicts what was used longest ago after a build, tells of it, and of the miss that follows",
    { timeout: 60_000 },
    async () => {
      await lab.build(context("kept"), "-t", "kept");
      const first = context("first");
      for (const folder of [first, context("second")]) await lab.build(folder);
      await lab.slipway(["prune", "-f", "--filter", "type=file", "--filter", "type=archive"]);
      // What is built has a name but for these two; the limit leaves no place for them.
      const max = used() - 2_000_000;
      const config = limited({ max, keep: max });
      const built = await lab.slipway(["build", "--progress=plain", "-t", "small", context("small", 1)], config);
      expect(built.code).toBe(0);
      expect(built.stderr).toMatch(
        /\d+(\.\d+)?MB of the cache was evicted to stay within storage\.max \d+: what was used longest ago/,
      );
      expect(built.stderr).toContain("RUN dd if=/dev/urandom of=/first");
      expect(used()).toBeLessThanOrEqual(max);

      const listed = await lab.slipway(["du", "--evicted"]);
      expect(listed.stdout).toMatch(/^EVICTED +KIND +NAME +SIZE +LAST USED +LIMIT\n/);
      expect(listed.stdout).toMatch(/step +RUN dd if=\/dev\/urandom of=\/first .*5\.\d+MB/);
      const figures = await lab.slipway(["du"], config);
      expect(figures.stdout).toMatch(/storage\.max \d+ allows [\d.]+MB: \d+% of it is taken\n$/);

      const why = await lab.slipway(["why", "dd", first]);
      expect(`${why.stdout}${why.stderr}`).toContain("evicted on");
      const kept = await lab.slipway(["run", "--rm", "kept", "ls", "-l", "/kept"]);
      expect(kept.code).toBe(0);
      expect(await lab.verify()).toEqual([]);
    },
  );

  test(
    "names stay whatever the limit is, which is said; a build that the cache answers looks too",
    { timeout: 60_000 },
    async () => {
      const named = context("named");
      await lab.build(named, "-t", "named");
      await lab.build(context("loose"));
      const config = limited({ max: "1MB" });
      const cached = await lab.slipway(["build", "--progress=plain", "-t", "named", named], config);
      expect(cached.stderr).toContain("of the cache was evicted");
      expect(cached.stderr).toMatch(/The store takes [\d.]+MB, more than storage\.max 1MB: images with names/);
      const again = await lab.slipway(["build", "--progress=plain", "-t", "named", named], config);
      expect(again.stderr).not.toContain("storage.max");
      const { stdout } = await lab.slipway(["images", "-q"]);
      expect(stdout.trim().split("\n").length).toBeGreaterThan(1);
      expect((await lab.slipway(["run", "--rm", "named", "ls", "/named"])).stdout).toBe("/named\n");
    },
  );

  test("prune keeps to its filters, and a dry run deletes nothing", async () => {
    await lab.build(context("pruned"));
    const figures = async (...args: readonly string[]) =>
      JSON.parse((await lab.slipway(["prune", "-f", "--format=json", ...args])).stdout) as Readonly<
        Record<string, number>
      >;
    expect(await figures("--filter", "until=24h")).toMatchObject({ images: 0, cacheRecords: 0, freed: 0 });
    expect(await figures("--filter", "type=cache-mount")).toMatchObject({ images: 0, cacheRecords: 0 });
    expect(await figures("--filter", "label=none")).toMatchObject({ images: 0, freed: 0 });
    const foreseen = await figures("--dry-run");
    expect(foreseen["freed"]).toBeGreaterThan(5_000_000);
    expect(await figures("--keep-storage", "1GB", "--filter", "type=cache")).toMatchObject({ freed: 0 });
    expect(await figures()).toEqual(foreseen);
    expect((await lab.slipway(["prune", "-f", "--filter", "dangling=true"])).code).toBe(2);
  });

  test("a layer of zeros unpacks to what storage.unpack allows, and the refusal names it", async () => {
    const archive = join(lab.folder, "zeros.tar");
    const context = lab.context({ Dockerfile: "FROM scratch\nCOPY zeros /\n", zeros: Buffer.alloc(8 << 20) });
    await lab.build(context, "-t", "zeros", "-o", `type=oci,dest=${archive}`);
    const load = (unpack: string) => {
      const file = join(lab.folder, `unpack-${unpack}.json`);
      writeFileSync(file, JSON.stringify({ storage: { unpack } }));
      const options = { store: join(lab.folder, `unpack-${unpack}`), env: { SLIPWAY_CONFIG: file } };
      return lab.slipway(["load", "-q", "-i", archive], options);
    };
    const refused = await load("4MB");
    expect([refused.code, refused.stderr]).toEqual([
      errorCodes.SLIP_LAYER_INVALID,
      expect.stringContaining("storage.unpack in the configuration allows more"),
    ]);
    expect(await load("9MB")).toMatchObject({ code: 0, stdout: "Loaded image: zeros:latest\n" });
  });
});
