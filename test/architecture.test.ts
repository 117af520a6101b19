import { globSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { doors, floorOf, floors } from "../scripts/rooms.ts";

const src = resolve(import.meta.dirname, "../src");

/** File path below src -> source text. */
type Files = ReadonlyMap<string, string>;
interface Import {
  readonly file: string;
  /** Path below src. */
  readonly target: string;
  /** Erased by the compiler: makes no cycle when modules load. */
  readonly typeOnly: boolean;
}

const statement = /^\s*(?:import|export)\s+(type\s)?(?:[\w*{][^;"']*?\sfrom\s+)?["'](\.[^"']+)["']/gm;
const dynamic = /\bimport\(\s*["'](\.[^"']+)["']/g;
const worker = /\b(?:WorkerPool|entryPoint)\(\s*["']([^"']+)["']/g;

function importsOf(file: string, text: string): readonly Import[] {
  const at = (specifier: string): string => relative(src, resolve(src, dirname(file), specifier));
  return [
    ...[...text.matchAll(statement)].map((m) => ({ file, target: at(m[2]!), typeOnly: m[1] !== undefined })),
    ...[...text.matchAll(dynamic)].map((m) => ({ file, target: at(m[1]!), typeOnly: true })),
    ...[...text.matchAll(worker)].map((m) => ({ file, target: `${m[1]!}.ts`, typeOnly: true })),
  ];
}

const roomOf = (path: string): string => (path.includes("/") ? path.slice(0, path.indexOf("/")) : ".");

/** Why an import breaks the law of the house, or undefined. */
function broken({ file, target }: Import): string | undefined {
  const [from, to] = [roomOf(file), roomOf(target)];
  if (from === to) return undefined;
  if (floorOf(to) > floorOf(from)) return `${file} imports upward: ${target}`;
  if (floorOf(to) === floorOf(from)) return `${file} imports sideways: ${target}`;
  if (to !== "." && !doors(to).some((door) => target === `${to}/${door}`))
    return `${file} reaches past a door: ${target}`;
  return undefined;
}

/** Rings of modules that need each other to load, each once. */
function cycles(imports: readonly Import[]): readonly string[] {
  const edges = Map.groupBy(
    imports.filter((i) => !i.typeOnly),
    (i) => i.file,
  );
  const found: string[] = [];
  const done = new Set<string>();
  const walk = (file: string, path: readonly string[]): void => {
    if (path.includes(file)) found.push([...path.slice(path.indexOf(file)), file].join(" -> "));
    if (done.has(file)) return;
    done.add(file);
    for (const edge of edges.get(file) ?? []) walk(edge.target, [...path, file]);
  };
  for (const file of edges.keys()) walk(file, []);
  return found;
}

function check(files: Files): readonly string[] {
  const imports = [...files].flatMap(([file, text]) => importsOf(file, text));
  return [...imports.map(broken).filter((line) => line !== undefined), ...cycles(imports)];
}

const real: Files = new Map(
  globSync("**/*.ts", { cwd: src })
    .filter((file) => !/\.(test|cases|test-d)\.ts$/.test(file))
    .map((file) => [file, readFileSync(join(src, file), "utf8")]),
);

describe("the house", () => {
  test("every folder of src is a room with a floor and a door", () => {
    const rooms = [...new Set([...real.keys()].map(roomOf))];
    expect(floors.flat()).toEqual(expect.arrayContaining(rooms));
    expect(rooms.filter((room) => room !== "cli" && !real.has(join(room, "index.ts")))).toEqual([]);
  });

  test("imports go down, through doors, and in no ring", () => {
    expect([...real].flatMap(([file, text]) => importsOf(file, text)).length).toBeGreaterThan(10);
    expect(check(real)).toEqual([]);
  });
});

describe("a planted import is found", () => {
  test.each([
    ["upward", "oci/model.ts", `import type { Vertex } from "../graph/index.ts";`, "imports upward: graph/index.ts"],
    ["upward to the hall", "ops/copy.ts", `import { build } from "../build.ts";`, "imports upward: build.ts"],
    [
      "upward, at run time",
      "oci/a.ts",
      `const m = await import("../store/index.ts");`,
      "imports upward: store/index.ts",
    ],
    ["sideways", "solve/a.ts", `import {\n  a,\n  b,\n} from "../plan/index.ts";`, "imports sideways: plan/index.ts"],
    ["sideways by export", "oci/index.ts", `export * from "../layer/index.ts";`, "imports sideways: layer/index.ts"],
    [
      "past a door",
      "plan/deep/a.ts",
      `import { x } from "../../graph/vertex.ts";`,
      "reaches past a door: graph/vertex.ts",
    ],
    ["past a door, for effect", "cli/a.ts", `import "../store/db.ts";`, "reaches past a door: store/db.ts"],
    ["another room's worker", "ops/a.ts", `new WorkerPool("layer/worker")`, "reaches past a door: layer/worker.ts"],
  ])("%s", (_, file, text, expected) => {
    expect(check(new Map([...real, [file, text]]))).toContainEqual(`${file} ${expected}`);
  });

  test("a ring inside a room", () => {
    const planted: Files = new Map([
      ["oci/a.ts", `import { b } from "./b.ts";`],
      ["oci/b.ts", `export { a } from "./a.ts";`],
    ]);
    expect(check(planted)).toEqual(["oci/a.ts -> oci/b.ts -> oci/a.ts"]);
  });

  test("and what the law allows is not", () => {
    const allowed = `import type { A } from "../oci/index.ts";\nimport { unmount } from "../base/syscalls.ts";\nimport "./b.ts";`;
    expect(check(new Map([["ops/a.ts", allowed]]))).toEqual([]);
  });
});
