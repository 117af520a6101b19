import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { errorCodes } from "../base/index.ts";
import { globals } from "./globals.ts";
import { registry } from "./registry.ts";

const page = readFileSync(new URL("../../docs/cli.md", import.meta.url), "utf8");

/** The text under one heading, up to the next of the same rank. */
function section(title: string): string {
  return page.split(/^## /m).find((text) => text.split("\n", 1)[0]?.split(", ").includes(title)) ?? "";
}

const flagsIn = (text: string): readonly string[] =>
  text
    .split("\n")
    .filter((line) => line.startsWith("| `-"))
    .flatMap((line) => [...(line.split(" | ")[0] ?? "").matchAll(/--([a-z-]+)/g)].map((match) => match[1] ?? ""));

test.each(registry.map(({ name }) => name).filter((name) => name !== "version" && name !== "help"))(
  "docs/cli.md has every flag of %s and no other",
  async (name) => {
    const command = await registry.find((entry) => entry.name === name)?.load();
    const text = section(`slipway ${name}`);
    expect(text).toContain(`    slipway ${name} ${command?.usage}\n`);
    const listed = Object.entries(command?.options ?? {}).flatMap(([flag, spec]) =>
      spec.help === undefined ? [] : [flag],
    );
    expect([...flagsIn(text)].sort()).toEqual(listed.sort());
  },
);

test("docs/cli.md has the flags of every command, and every exit code", () => {
  const head = flagsIn(page.split(/^## /m)[0] ?? "");
  expect([...head].sort()).toEqual([...Object.keys(globals), "root", "version"].sort());
  const codes = section("Exit codes");
  for (const code of new Set(Object.values(errorCodes)))
    expect(codes).toMatch(new RegExp(`^\\| .*\\b${code}\\b.* \\|`, "m"));
});

test("docs/cli.md names only aliases that there are", () => {
  const known = new Set(registry.flatMap(({ name, aliases }) => [name].concat(aliases)));
  const named = [...page.matchAll(/Also: ([^\n]*)/g)].flatMap((match) =>
    [...(match[1] ?? "").matchAll(/`slipway ([a-z ]+)`/g)].map((alias) => alias[1] ?? ""),
  );
  expect(named.length).toBeGreaterThan(10);
  for (const name of named) expect(known).toContain(name);
});
