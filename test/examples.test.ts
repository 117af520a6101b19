import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { calculators, clients } from "../scripts/examples/examples.ts";
import { blocksOf, filled } from "../scripts/examples/page.ts";
import { build } from "../src/cli/commands/build.ts";

const repository = resolve(import.meta.dirname, "..");
const read = (file: string): string => readFileSync(join(repository, file), "utf8");
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
    expect(blocksOf(read("docs/examples.md"))[1]).toContain(`| ${language} `);
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
