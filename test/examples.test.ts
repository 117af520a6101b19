import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { repl } from "../examples/calculator-typescript/calculator.ts";
import { calculators, clients } from "../scripts/examples/examples.ts";
import { answersTable, blocksOf, filled } from "../scripts/examples/page.ts";
import { sittings } from "../scripts/examples/sittings.ts";
import { build } from "../src/cli/commands/build.ts";

const repository = resolve(import.meta.dirname, "..");
const read = (file: string): string => readFileSync(join(repository, file), "utf8");
const noPython = spawnSync("python3", ["--version"]).status !== 0;
const stages = (folder: string, file: string): readonly (readonly [base: string, name: string])[] =>
  [...read(`examples/${folder}/${file}`).matchAll(/^FROM (\S+)(?: AS (\S+))?$/gm)].map(
    ([, base = "", name = ""]) => [base, name] as const,
  );

test("the table has every folder of examples, and no other", () => {
  const folders = [...new Set([...calculators, ...clients].map(({ folder }) => folder))];
  expect(folders.toSorted()).toEqual(readdirSync(join(repository, "examples")).toSorted());
});

describe.each(calculators)("$folder/$dockerfile", ({ folder, dockerfile, base, language }) => {
  test(`tests in a stage of its own and ends with the stage package on ${base}`, () => {
    const all = stages(folder, dockerfile);
    expect(all).toContainEqual(["build", "test"]);
    expect(all.at(-1)).toEqual([base, "package"]);
  });

  test("has a Dockerfile of one stage beside it, which begins with the same packages", () => {
    const single = read(`examples/${folder}/Dockerfile.single`);
    expect(stages(folder, "Dockerfile.single")).toHaveLength(1);
    const install = /^RUN apt-get .*$/m;
    expect(install.exec(single)?.[0]).toBe(install.exec(read(`examples/${folder}/${dockerfile}`))?.[0]);
  });

  test.each(["docs/examples.md", "README.md"])("has its row in the table of %s", (page) => {
    const row = `| ${language} | \`${base.slice(base.lastIndexOf("/") + 1)}\` |`;
    const lines = (blocksOf(read(page))[0] ?? "").split("\n").map((line) => line.replaceAll(/ +/g, " "));
    expect(lines.filter((line) => line.startsWith(row))).toHaveLength(1);
  });
});

describe.each(clients)("$folder", ({ folder, language }) => {
  test("stands on the base of that language's calculator", () => {
    const bases = calculators.filter((calculator) => calculator.language === language).map(({ base }) => base);
    expect(bases).toContain(stages(folder, "Dockerfile")[0]?.[0]);
    expect(stages(folder, "Dockerfile").at(-1)).toEqual(["base", "package"]);
  });

  test("is in the table of docs/examples.md", () => {
    expect(blocksOf(read("docs/examples.md"))[2]).toContain(`| ${language} `);
  });
});

test("docs/examples.md has what all calculators answer", () => {
  const lines = (text = ""): readonly string[] => text.replaceAll(/-+/g, "-").replaceAll(/ +/g, " ").split("\n");
  expect(lines(blocksOf(read("docs/examples.md"))[1])).toEqual(lines(answersTable()));
});

describe.each(sittings)("a calculator answers $name", ({ typed, said }) => {
  test("in TypeScript", async () => {
    let output = "";
    await repl(pieces(typed), (text) => {
      output += text;
    });
    expect(output).toBe(said);
  });

  test.skipIf(noPython)(`in Python${noPython ? " (skipped: no program python3)" : ""}`, () => {
    const program = join(repository, "examples/calculator-python/calculator.py");
    const { stdout, stderr } = spawnSync("python3", ["-B", program], { input: typed, encoding: "utf8" });
    expect([stdout, stderr]).toEqual([said, ""]);
  });
});

/** As a pipe gives it: not by lines. */
async function* pieces(text: string): AsyncGenerator<string> {
  for (let at = 0; at < text.length; at += 1000) yield text.slice(at, at + 1000);
}

describe("the figures of the table agree with one another", () => {
  const rows = (blocksOf(read("docs/examples.md"))[0] ?? "")
    .split("\n")
    .slice(2)
    .map((line) => line.split("|").map((cell) => cell.trim()));
  const bytes = (text = ""): number => Number(text.split(" ")[0]) * 1e6;

  test.each(rows)("%s%s on %s", (_, _language, _base, single, multi, ratio, compressed = "", packages = "") => {
    expect(Number(ratio) / (bytes(single) / bytes(multi))).toBeCloseTo(1, 1);
    const [before, after] = compressed.split(" → ").map(bytes);
    expect(before).toBeLessThan(bytes(single));
    expect(after).toBeLessThan(bytes(multi));
    const [many, few] = packages.split(" → ").map(Number);
    expect(few).toBeLessThan(many as number);
  });

  test("and with those of the README's first table", () => {
    const [, , , single, multi, ratio, , packages, setuid, shells] = rows[0] ?? [];
    const line = (name: string): readonly string[] =>
      (new RegExp(`^\\| ${name} .*$`, "m").exec(read("README.md"))?.[0] ?? "").split("|").map((cell) => cell.trim());
    const told = (text = ""): readonly string[] => text.replaceAll("→ 0", "→ none").split(" → ");
    expect(line("size").slice(2, 4)).toEqual([single, multi]);
    expect(read("README.md")).toContain(`, ${ratio} times smaller;`);
    expect(line("packages").slice(2, 4)).toEqual(told(packages));
    expect(line("shells").slice(2, 4)).toEqual(told(shells));
    expect(line("setuid or setgid files").slice(2, 4)).toEqual(told(setuid));
  });
});

test("README.md has the table of docs/examples.md", () => {
  expect(blocksOf(read("README.md"))).toEqual(blocksOf(read("docs/examples.md")).slice(0, 1));
});

describe("places for tables in a page", () => {
  const [begin, end] = ["<!-- examples: written by npm run examples -->", "<!-- /examples -->"];
  const page = `A\n\n${begin}\n\nold\n\n${end}\n\nB\n\n${begin}\n${end}\n`;

  test("are filled in order, and again", () => {
    const once = filled(page, ["one", "two"]);
    expect(once).toBe(`A\n\n${begin}\n\none\n\n${end}\n\nB\n\n${begin}\n\ntwo\n\n${end}\n`);
    expect(blocksOf(filled(once, ["3", "4"]))).toEqual(["3", "4"]);
  });

  test("must be as many as there are tables, and have an end", () => {
    expect(() => filled(page, ["one"])).toThrow("2 places for tables, not 1");
    expect(() => filled(`${begin}\n`, ["one"])).toThrow("has no <!-- /examples -->");
  });
});

test("docs/ci.md uses flags that slipway build has", () => {
  const commands = read("docs/ci.md").match(/slipway build (?:[^\n]|\\\n|\n +--)+/g) ?? [];
  expect(commands.length).toBeGreaterThanOrEqual(6);
  const flags = commands.flatMap((command) => command.match(/(?<= )--[a-z-]+/g) ?? []).map((flag) => flag.slice(2));
  expect(flags).toContain("cache-to");
  expect([...new Set(flags)].filter((flag) => !(flag in build.options))).toEqual([]);
});
