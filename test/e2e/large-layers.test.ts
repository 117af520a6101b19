import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { largeLayer, type LargeRegistry, startLargeRegistry } from "../registry/support/large-registry.ts";
import { peakMemory } from "../registry/support/peak-memory.ts";
import { because, openLab, whyNoLab } from "./support/lab.ts";

const small = Array.from({ length: 12 }, (_, at) => largeLayer(`file-${at}`, 2_000_000 + at));
const large = [...small, largeLayer("large", 90_000_000)];
const patient = { timeout: 20_000, interval: 50 };

describe.skipIf(whyNoLab !== undefined)(`large layers${because}`, () => {
  const lab = openLab();
  const env = { HOME: lab.folder };
  let registry: LargeRegistry;
  let layers = small;
  let machines = 0;
  const machine = () => ({ store: join(lab.folder, `machine-${machines++}`), env });

  const serve = async (served: typeof small): Promise<void> => {
    layers = served;
    registry = await startLargeRegistry(layers);
  };
  afterEach(() => registry[Symbol.asyncDispose]());

  const blobs = (): number => registry.asked.filter((line) => /^GET .*\/blobs\//.test(line)).length;
  /** Files that were unpacked and do not count yet. */
  const unpacking = (store: string): readonly string[] =>
    names(join(store, "active")).flatMap((holder) =>
      names(join(store, "active", holder)).flatMap((id) => names(join(store, "active", holder, id, "fs"))),
    );

  test("what is pulled and pushed never lies in memory", { timeout: 60_000 }, async () => {
    await serve(large);
    const here = machine();
    const name = `${registry.domain}/large`;
    for (const args of [
      ["pull", "-q", name],
      ["push", "-q", name],
    ]) {
      const running = lab.start(args, here);
      const { peak } = await peakMemory(running.child);
      expect((await running.ended).code).toBe(0);
      // Caller and engine together.
      expect(peak / 1e6).toBeLessThan(250);
    }
    expect(registry.asked.filter((line) => line.startsWith("PUT ")).length).toBe(layers.length + 2);
  });

  test("a layer is unpacked while it comes, and counts when all of it is there", { timeout: 60_000 }, async () => {
    await serve(small);
    const here = machine();
    registry.hold(1_000_000);
    const running = lab.start(["pull", `${registry.domain}/large`], here);
    // Nothing of the first layer counts, but its first file is there; the others come meanwhile.
    await expect.poll(() => unpacking(here.store), patient).toContain("first-file-0");
    await expect.poll(() => blobs(), patient).toBeGreaterThan(3);
    expect(names(join(here.store, "snapshots"))).toEqual([]);
    registry.go();
    expect((await running.ended).code).toBe(0);
    expect(names(join(here.store, "snapshots")).length).toBe(layers.length);
    expect(await lab.verify(here.store)).toEqual([]);
  });

  test(
    "a process that is killed over it leaves nothing; of two that pull the same each layer comes once",
    { timeout: 60_000 },
    async () => {
      await serve(small);
      const here = machine();
      registry.hold(1_000_000);
      const args = ["pull", `${registry.domain}/large`];
      const killed = lab.start(args, here);
      await expect.poll(() => unpacking(here.store), patient).toContain("first-file-0");
      process.kill(-(killed.child.pid as number), "SIGKILL");
      await killed.ended;
      registry.go();
      const before = blobs();
      const ended = await Promise.all([lab.start(args, here).ended, lab.start(args, here).ended]);
      expect(ended.map(({ code }) => code)).toEqual([0, 0]);
      // Each of the two may ask for the configuration.
      expect(blobs() - before).toBeLessThanOrEqual(layers.length + 2);
      expect(names(join(here.store, "snapshots")).length).toBe(layers.length);
      expect(await lab.verify(here.store)).toEqual([]);
    },
  );
});

function names(folder: string): readonly string[] {
  return existsSync(folder) ? readdirSync(folder) : [];
}
