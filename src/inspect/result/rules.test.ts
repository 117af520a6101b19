import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { noteRules, resultRules } from "./rules.ts";

test("docs/checks.md has every check of the result once, with what it wants and its level", () => {
  const page = readFileSync(new URL("../../../docs/checks.md", import.meta.url), "utf8");
  const rows = page
    .slice(page.indexOf("## Checks of the result"), page.indexOf("## Where it differs"))
    .split("\n")
    .filter((line) => line.startsWith("| `"))
    .map((line) => line.split("|").map((cell) => cell.trim()));
  const told = rows.map(([, name, wants, level]) => `${name} ${wants} ${level}`);
  const known = Object.entries(resultRules).map(([name, wants]) => {
    const level = [...noteRules].some((note) => note === name) ? "note" : "warning";
    return `\`${name}\` ${wants} ${level}`;
  });
  expect(told).toEqual(known);
});
