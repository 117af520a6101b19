import { describe, expect, test } from "vitest";
import { type Digest, digestOf } from "../base/index.ts";
import type { Vertex } from "../graph/index.ts";
import type { KeyedCache } from "./index.ts";
import { type Fake, nameOf, node, World } from "./solver.fixture.ts";

describe("promises of another machine's cache", () => {
  /** The promises and the records of the last step alone that a build of `world` leaves. */
  const travelled = async (content: string) => {
    const kinds: Record<string, Fake> = {
      take: { kind: "copy" },
      last: { kind: "copy" },
      compile: { run: async () => content },
    };
    const there = new World(kinds);
    const compile = node("compile", node("base"));
    const pack = node("pack", node("take", node("scratch"), compile));
    const root = node("last", node("scratch"), pack);
    const report = await there.solve(root);
    const here = new World(kinds);
    const take = pack.inputs[0]!;
    const promises = new Map<Digest, Digest>();
    for (const copy of [take, root]) {
      const inputs = copy.inputs.map((input) => report.identityOf(input));
      promises.set(digestOf({ name: nameOf(copy), inputs }), report.identityOf(copy) as Digest);
    }
    here.records.set(report.identityOf(root) as Digest, {
      identity: report.identityOf(root) as Digest,
      result: report.result,
    });
    const cache: KeyedCache<string> = {
      ...here.cache,
      promised: (definition) => promises.get(definition),
      source: (key) => (here.records.has(key) ? "elsewhere" : undefined),
    };
    return { here, root, pack, cache };
  };

  test("lead through stages whose results are nowhere to a result that is there", async () => {
    const { here, root, cache } = await travelled("binary");
    expect((await here.solve(root, { cache, lookupOnly: true })).result).toBe(
      "last(scratch(),pack(take(scratch(),binary)))",
    );
    expect(here.runs).toEqual([]);
    expect(here.events.find((event) => "id" in event && event.id === root.digest)).toEqual({
      type: "step-cached",
      id: root.digest,
      from: "elsewhere",
    });
  });

  test("hold where what has to run gives the same", async () => {
    const { here, pack, cache } = await travelled("binary");
    const report = await here.solve(node("other", pack), { cache });
    expect(here.runs.toSorted()).toEqual(["base", "compile", "other", "pack", "scratch", "take"]);
    expect(report.result).toBe("other(pack(take(scratch(),binary)))");
  });

  test("are dropped where what has to run gives something else: nothing is recorded under a key that lies", async () => {
    const { here, pack, cache } = await travelled("binary");
    const [take] = pack.inputs as [Vertex];
    const known = new Set(here.records.keys());
    here.fakes["compile"] = { run: async () => "another" };
    const report = await here.solve(node("other", pack), { cache });
    expect(report.result).toBe("other(pack(take(scratch(),another)))");
    expect(here.runs.filter((name) => name === "compile")).toHaveLength(1);
    expect(report.ran.has(take.digest)).toBe(true);
    const honest = digestOf({
      name: "take",
      base: [digestOf({ name: "scratch", inputs: [] })],
      content: "another",
    });
    expect(report.identityOf(take)).toBe(honest);
    const made = [...here.records].filter(([key]) => !known.has(key));
    expect(made.every(([, { identity, result }]) => identity === honest || !result.startsWith("take("))).toBe(true);
    const again = await here.solve(node("other", pack), { cache });
    expect(again.ran.size).toBe(0);
  });

  test("are not asked for what is made anew", async () => {
    const { here, root, cache } = await travelled("binary");
    await here.solve(root, { cache, noCache: () => true });
    expect(here.runs).toContain("compile");
    expect(here.runs.filter((name) => name === "last")).toHaveLength(1);
  });
});
