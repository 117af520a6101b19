import { expect, test } from "vitest";
import { type Ctx, type Digest, digestOf } from "../base/index.ts";
import { type Vertex, vertex } from "../graph/index.ts";
import { type CacheEntry, type Forecast, forecast, type ForecastOptions, NeedsRun, type Op, solve } from "./index.ts";

const ctx: Ctx = { signal: new AbortController().signal, emit: () => undefined };

function node(name: string, ...inputs: readonly Vertex[]): Vertex {
  return vertex({ kind: "context", name, path: "/", ignore: [] }, inputs, { text: name });
}
const nameOf = (v: Vertex): string => v.origin.text;

/** `folder` is volatile, `base` a source; `copy...` is keyed by the content of its last input; all else are steps. */
class World {
  readonly records = new Map<Digest, CacheEntry<string>>();
  files = "files";
  /** Contents that only a build can look at. */
  readonly hidden = new Set<string>();
  readonly runs: string[] = [];

  op(v: Vertex): Op<string> {
    const name = nameOf(v);
    const role = name === "folder" ? "volatile" : name === "base" ? "source" : "step";
    const run = async (inputs: readonly string[]): Promise<string> => {
      if (role === "step") this.runs.push(name);
      return name === "folder" ? this.files : `${name}(${inputs.join()})`;
    };
    const op: Op<string> = { role, key: (inputs) => digestOf({ name, inputs }), run };
    if (!name.startsWith("copy")) return op;
    const last = v.inputs.length - 1;
    return {
      ...op,
      contentInputs: [last],
      contentKey: async (inputs, results) => {
        if (this.hidden.has(nameOf(v.inputs[last] as Vertex))) throw new NeedsRun();
        return digestOf({ name, base: inputs.slice(0, last), content: results.get(last) });
      },
    };
  }

  readonly cache = {
    get: (key: Digest) => this.records.get(key),
    put: (key: Digest, entry: CacheEntry<string>) => {
      this.records.set(key, entry);
      return entry;
    },
  };

  async build(root: Vertex): Promise<void> {
    await solve(root, { op: (v) => this.op(v), cache: this.cache, jobs: 1 }, ctx);
    this.runs.length = 0;
  }

  async foresee(
    root: Vertex,
    options: Partial<ForecastOptions<string>> = {},
  ): Promise<Readonly<Record<string, string>>> {
    const found = await this.all(root, options);
    expect(this.runs).toEqual([]);
    return Object.fromEntries(found.map(({ vertex: v, status }) => [nameOf(v), status]));
  }

  all(root: Vertex, options: Partial<ForecastOptions<string>> = {}): Promise<readonly Forecast<string>[]> {
    const vertices: Vertex[] = [];
    const walk = (v: Vertex): void => {
      for (const input of v.inputs) walk(input);
      if (!vertices.includes(v)) vertices.push(v);
    };
    walk(root);
    return forecast([root], vertices, { op: (v) => this.op(v), cache: this.cache, ...options }, ctx);
  }
}

const [base, folder] = [node("base"), node("folder")];
const source = node("copy source", base, folder);
const compile = node("compile", source);
const take = node("copy program", base, compile);
const root = node("configure", take);

test("on an empty store all runs, and what stands on what runs is no question", async () => {
  expect(await new World().foresee(root)).toEqual({
    base: "source",
    folder: "source",
    "copy source": "run",
    compile: "run",
    "copy program": "maybe",
    configure: "maybe",
  });
  const straight = node("copy late", node("fetch", base), compile);
  expect(await new World().foresee(straight)).toMatchObject({ fetch: "run", "copy late": "run" });
});

test("after a build all is cached", async () => {
  const world = new World();
  await world.build(root);
  expect(Object.values(await world.foresee(root))).toEqual(["source", "source", "hit", "hit", "hit", "hit"]);
});

test("what takes files of a stage that runs depends on it, by name", async () => {
  const world = new World();
  await world.build(root);
  world.files = "others";
  const found = await world.all(root);
  const byName = new Map(found.map((one) => [nameOf(one.vertex), one]));
  expect(byName.get("copy source")).toMatchObject({ status: "run", forced: false, waitsFor: [] });
  expect(byName.get("compile")?.waitsFor.map(nameOf)).toEqual(["copy source"]);
  expect(byName.get("copy program")).toMatchObject({ status: "maybe", identity: undefined });
  expect(byName.get("copy program")?.waitsFor.map(nameOf)).toEqual(["compile"]);
  expect(byName.get("configure")?.waitsFor.map(nameOf)).toEqual(["compile"]);
});

test("a stage whose files a record spares counts as cached, also when its own record is gone", async () => {
  const world = new World();
  const built = node("copy program", base, node("compile", base));
  await world.build(built);
  world.records.delete(digestOf({ name: "compile", inputs: [digestOf({ name: "base", inputs: [] })] }));
  expect(await world.foresee(built)).toMatchObject({ compile: "hit", "copy program": "hit" });
});

test("content that only a build can look at is a question, not an answer", async () => {
  const world = new World();
  const built = node("copy program", base, node("compile", base));
  await world.build(node("compile", base));
  world.hidden.add("compile");
  expect(await world.foresee(built)).toMatchObject({ compile: "hit", "copy program": "maybe" });
});

test("steps that are made anew run, and what stands on them", async () => {
  const world = new World();
  await world.build(root);
  const noCache = (v: Vertex): boolean => nameOf(v) === "copy source";
  expect(await world.foresee(root, { noCache })).toMatchObject({
    "copy source": "run",
    compile: "run",
    "copy program": "maybe",
  });
  const all = await world.all(root, { noCache: () => true });
  expect(all.filter(({ op }) => op.role === "step").map(({ status, forced }) => [status, forced])).toEqual(
    Array.from({ length: 4 }, () => ["run", true]),
  );
});

test("a source that has to be brought first makes a question of what stands on it", async () => {
  const world = new World();
  await world.build(root);
  const unknown = (v: Vertex): boolean => nameOf(v) === "base";
  const found = await world.all(root, { unknown });
  const waits = found.filter(({ status }) => status === "maybe").map(({ waitsFor }) => waitsFor.map(nameOf));
  expect(waits).toEqual([["base"], ["base"], ["base"], ["base"]]);
  expect(found[0]).toMatchObject({ status: "fetch" });
});
