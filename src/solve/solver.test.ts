import { describe, expect, test } from "vitest";
import { type Digest, digestOf, SlipwayError } from "../base/index.ts";
import type { Vertex } from "../graph/index.ts";
import { InputsChanged, NeedsRun, type SolveOptions } from "./index.ts";
import { copyKind, type Fake, nameOf, node, World } from "./solver.fixture.ts";

describe("running", () => {
  test("every step runs once, inputs first, however many use it", async () => {
    const world = new World();
    const a = node("a");
    const root = node("root", node("b", a), node("c", a));
    const report = await world.solve(root);
    expect(world.runs.toSorted()).toEqual(["a", "b", "c", "root"]);
    expect(world.runs[0]).toBe("a");
    expect(report.result).toBe("root(b(a()),c(a()))");
    expect(report.ran.size).toBe(4);
  });

  test("a source is a hit, whether it is used or spared; volatile inputs that a hit spares are not told", async () => {
    const world = new World({ base: { kind: "source" }, context: { kind: "volatile" } });
    const [base, context] = [node("base"), node("context")];
    const tools = node("tools", base);
    const root = node("root", tools);
    await world.solve(root);
    expect(world.ids("step-cached", [base, tools, root])).toEqual(["base"]);
    expect(world.ids("step-start", [base, tools, root])).toEqual(["tools", "root"]);
    await world.solve(root);
    expect(world.ids("step-cached", [base, tools, root, context])).toEqual(["base", "tools", "root"]);
    expect(world.events).toHaveLength(3);
  });

  test("a second solve runs nothing and names every step as cached", async () => {
    const world = new World();
    const vertices = [node("a")];
    vertices.push(node("b", vertices[0]!), node("root"));
    const root = node("top", ...vertices);
    await world.solve(root);
    const report = await world.solve(root);
    expect(world.runs).toEqual([]);
    expect(report.result).toBe("top(a(),b(a()),root())");
    expect(world.ids("step-cached", [...vertices, root]).toSorted()).toEqual(["a", "b", "root", "top"]);
  });

  test("independent steps run at once, at most `jobs` of them", async () => {
    const wait = async (): Promise<string> => new Promise((done) => setTimeout(done, 20, "x"));
    const leaves = Array.from({ length: 6 }, (_, at) => node(`leaf${at}`));
    const world = new World(Object.fromEntries(leaves.map((leaf) => [nameOf(leaf), { run: wait }])));
    await world.solve(node("root", ...leaves), { jobs: 3 });
    expect(world.most).toBe(3);
  });

  test("stages that copies name one after the other run at once, also below a stage that was started early", async () => {
    const wait = async (): Promise<string> => new Promise((done) => setTimeout(done, 20, "x"));
    const [a, b, c, d] = ["a", "b", "c", "d"].map((name) => node(name)) as [Vertex, Vertex, Vertex, Vertex];
    const inner = node("copy inner 2", node("copy inner 1", node("base"), a), d);
    const copies = [a, b, c, inner].reduce((onto, from) => node(`copy ${nameOf(from)}`, onto, from), node("base"));
    const fakes = [a, b, c, d].map((stage) => [nameOf(stage), { run: wait }] as const);
    const copy = ["a", "b", "c", "inner 1", "inner 2", "copy inner 2"].map(
      (name) => [`copy ${name}`, copyKind] as const,
    );
    const world = new World(Object.fromEntries([...fakes, ...copy, ["base", { kind: "source" }]]));
    await world.solve(copies, { jobs: 8 });
    expect(world.most).toBe(4);
    expect(world.runs.slice(0, 4).toSorted()).toEqual(["a", "b", "c", "d"]);
  });

  test("no stage is run ahead while a folder below its copy is only being hashed", async () => {
    const folder: Fake = { kind: "volatile", run: async () => new Promise((done) => setTimeout(done, 20, "content")) };
    const fakes = { "copy folder": copyKind, "copy stage": copyKind, base: { kind: "source" }, folder } as const;
    const world = new World(fakes);
    const stage = node("stage", node("base"));
    const root = node("copy stage", node("copy folder", node("base"), node("folder")), stage);
    await world.solve(root);
    for (const [key, { result }] of world.records) if (result.startsWith("stage")) world.records.delete(key);
    await world.solve(root);
    expect(world.runs).toEqual(["folder"]);
  });

  test("without the cache everything runs, and what was recorded is replaced", async () => {
    let time = 0;
    const world = new World({ clock: { run: async () => `at ${++time}` } });
    const root = node("root", node("clock"));
    await world.solve(root);
    expect((await world.solve(root, { noCache: () => true })).result).toBe("root(at 2)");
    expect((await world.solve(root)).result).toBe("root(at 2)");
    expect(world.runs).toEqual([]);
  });

  test("steps that are made anew take those along that stand on them; what takes their files looks at these", async () => {
    const root = (): Vertex => {
      const build = node("compile", node("fetch", node("base")));
      return node("link", node("take", node("runtime"), build));
    };
    let time = 0;
    const world = new World({
      take: copyKind,
      fetch: { run: async () => `at ${++time}` },
      compile: { run: async () => "the same program" },
    });
    await world.solve(root());
    const anew = (...names: readonly string[]) => ({ noCache: (v: Vertex) => names.includes(nameOf(v)) });
    await world.solve(root(), anew("fetch"));
    expect(world.runs).toEqual(["fetch", "compile"]);
    world.fakes["compile"] = { run: async () => "another program" };
    await world.solve(root(), anew("compile"));
    expect(world.runs).toEqual(["compile", "take", "link"]);
    await world.solve(root());
    expect(world.runs).toEqual([]);
  });

  test("what was made anew is found when the same build is solved again", async () => {
    let attempts = 0;
    const world = new World({
      last: {
        run: async () => (++attempts === 1 ? Promise.reject(new InputsChanged("it changed")) : "made"),
      },
    });
    const root = node("last", node("slow"));
    const options = { noCache: () => true, made: new Set<Digest>() };
    await world.solve(node("slow"));
    await expect(world.solve(root, options)).rejects.toBeInstanceOf(InputsChanged);
    expect(world.runs).toEqual(["slow", "last"]);
    await world.solve(root, options);
    expect(world.runs).toEqual(["last"]);
  });

  test("each miss is told before its step runs, with what its key stands for", async () => {
    const told: string[] = [];
    const world = new World({ b: { run: async () => `after ${told.join()}` } });
    const root = node("b", node("a"));
    const onMiss: SolveOptions<string>["onMiss"] = ({ vertex: v, forced, inputs }) =>
      void told.push(`${nameOf(v)} ${forced} ${inputs.length}`);
    expect((await world.solve(root, { onMiss })).result).toBe("after a false 0,b false 1");
    await world.solve(root, { onMiss });
    expect(told).toHaveLength(2);
    await world.solve(root, { onMiss, noCache: (v) => nameOf(v) === "b" });
    expect(told.at(-1)).toBe("b true 1");
  });

  test("in lookup-only mode a miss throws NeedsRun and runs nothing", async () => {
    const world = new World();
    await expect(world.solve(node("root", node("a")), { lookupOnly: true })).rejects.toBeInstanceOf(NeedsRun);
    expect(world.runs).toEqual([]);
    expect(world.events).toEqual([]);
  });
});

describe("two keys", () => {
  const stages = (files: string): { world: World; root: Vertex; all: readonly Vertex[] } => {
    const world = new World({
      context: { kind: "volatile", run: async () => files },
      copy: { kind: "copy" },
      take: { kind: "copy" },
      compile: { run: async ([source = ""]) => `binary of ${source.length} letters` },
    });
    const copy = node("copy", node("base"), node("context"));
    const compile = node("compile", copy);
    const root = node("take", node("scratch"), compile);
    return { world, root, all: [copy, compile, root] };
  };

  test("a copy from a folder is looked up by what it copies", async () => {
    const first = stages("aaa");
    await first.world.solve(first.root);
    const report = await first.world.solve(first.root);
    expect(report.ran.size).toBe(0);
    expect(first.world.runs).toEqual(["context"]);
    const changed = stages("bbb");
    for (const [key, entry] of first.world.records) changed.world.records.set(key, entry);
    await changed.world.solve(changed.root);
    expect(changed.world.runs).toContain("copy");
    expect(changed.world.runs).toContain("compile");
  });

  test("a stage that gives the same files again spares whoever copies them", async () => {
    const { world, root } = stages("aaa");
    await world.solve(root);
    world.fakes["context"] = { kind: "volatile", run: async () => "bbb" };
    const report = await world.solve(root);
    expect(world.runs).toEqual(["context", "copy", "compile"]);
    expect(report.result).toBe("take(scratch(),binary of 16 letters)");
  });

  test("a hit by definition does not look at the stage copied from", async () => {
    const world = new World({ take: { kind: "copy" } });
    const built = node("compile", node("base"));
    const root = node("take", node("scratch"), built);
    await world.solve(root);
    world.records.delete(digestOf({ name: "compile", inputs: [digestOf({ name: "base", inputs: [] })] }));
    await world.solve(root);
    expect(world.runs).toEqual([]);
  });

  test("what was spared can be peeked at from its record", async () => {
    const world = new World({ take: { kind: "copy" } });
    const built = node("compile", node("base"));
    const root = node("take", node("scratch"), built);
    await world.solve(root);
    const report = await world.solve(root);
    expect(report.peek(built)).toBe("compile(base())");
    expect(report.peek(node("stranger"))).toBeUndefined();
  });
});

describe("failing", () => {
  const fails = new SlipwayError({ code: "SLIP_RUN_FAILED", message: "no luck" });

  test("the first failure is thrown with its place, and cancels the others before the solve ends", async () => {
    let ended = false;
    const world = new World({
      bad: { run: async () => Promise.reject(fails) },
      slow: {
        run: async (_inputs, { signal }) =>
          new Promise((_, reject) => {
            signal.addEventListener("abort", () => {
              setTimeout(() => {
                ended = true;
                reject(new Error("cancelled"));
              }, 10);
            });
          }),
      },
    });
    const [bad, slow] = [node("bad"), node("slow")];
    await expect(world.solve(node("root", slow, bad))).rejects.toMatchObject({ code: "SLIP_RUN_FAILED" });
    expect(ended).toBe(true);
    expect(world.ids("step-failed", [bad, slow])).toEqual(["bad"]);
    expect(world.ids("step-cancelled", [bad, slow])).toEqual(["slow"]);
  });

  test("what ran over inputs that changed meanwhile is not recorded, and not reported as failed", async () => {
    const world = new World({ copy: { run: async () => Promise.reject(new InputsChanged("it changed")) } });
    const [good, copy] = [node("good"), node("copy", node("folder"))];
    const root = node("root", good, copy);
    await expect(world.solve(root)).rejects.toBeInstanceOf(InputsChanged);
    expect(world.ids("step-failed", [good, copy, root])).toEqual([]);
    expect(world.ids("step-cancelled", [good, copy, root])).toContain("copy");
    world.fakes["copy"] = {};
    await world.solve(root);
    expect(world.runs).toEqual(["copy", "root"]);
  });

  test("a failure after which the caller solves again is not told as one", async () => {
    const world = new World({ bad: { run: async () => Promise.reject(fails) } });
    const bad = node("bad");
    const solvedAgain = (error: unknown): boolean => error === fails;
    await expect(world.solve(bad, { solvedAgain })).rejects.toBe(fails);
    expect([world.ids("step-failed", [bad]), world.ids("step-cancelled", [bad])]).toEqual([[], ["bad"]]);
    await expect(world.solve(bad, { solvedAgain: () => false })).rejects.toMatchObject({ code: "SLIP_RUN_FAILED" });
    expect(world.ids("step-failed", [bad])).toEqual(["bad"]);
  });

  test("a failed step is not recorded, what came before it is", async () => {
    const world = new World({ bad: { run: async () => Promise.reject(fails) } });
    const root = node("bad", node("good"));
    await expect(world.solve(root)).rejects.toThrow("no luck");
    world.fakes["bad"] = {};
    await world.solve(root);
    expect(world.runs).toEqual(["bad"]);
  });

  test("a cancelled solve ends with SLIP_CANCELLED", async () => {
    const cancel = new AbortController();
    const world = new World({
      slow: {
        run: async (_inputs, { signal }) =>
          new Promise((_, reject) => signal.addEventListener("abort", () => reject(new Error("stopped")))),
      },
    });
    setTimeout(() => cancel.abort(), 10);
    await expect(world.solve(node("slow"), {}, cancel.signal)).rejects.toMatchObject({ code: "SLIP_CANCELLED" });
  });
});
