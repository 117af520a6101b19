import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { BaseFacts } from "./contract.ts";
import { checkRules } from "./rules.ts";
import { check } from "./testing.ts";

const page = readFileSync(new URL("../../../docs/checks.md", import.meta.url), "utf8");

/** Rows of the table of rules: name, what it wants, a bad and a good example. */
const rows = page
  .slice(page.indexOf("## The rules"), page.indexOf("## Choosing rules"))
  .split("\n")
  .filter((line) => line.startsWith("| `"))
  .map((line) =>
    line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim()),
  )
  .map(([name = "", wants = "", bad = "", good = ""]) => ({ name: name.replaceAll("`", ""), wants, bad, good }));

/** What the page says of the examples. */
function findings(cell: string): readonly string[] {
  const lines = cell.split("<br>").map((line) => line.replace(/^`(.*)`$/, "$1"));
  const text = lines.some((line) => line.startsWith("FROM")) ? lines.join("\n") : `FROM debian\n${lines.join("\n")}`;
  const base = (image: string): BaseFacts => ({
    env: [],
    shell: false,
    onbuild: [],
    platform: image.startsWith("arm64v8/") ? "linux/arm64/v8" : "linux/amd64",
  });
  return check(`# check=experimental=all\n${text}`, { ignore: ["*.md"], base }).map(({ rule }) => rule);
}

test("docs/checks.md has every rule once, with what it wants, and no other", () => {
  const known = checkRules.map(({ name, detail }) => `${name}: ${detail}`);
  expect(rows.map(({ name, wants }) => `${name}: ${wants}`)).toEqual(known);
});

describe.each(rows)("docs/checks.md: $name", ({ name, bad, good }) => {
  test("finds fault with the bad example", () => expect(findings(bad)).toContain(name));
  test("and none with the good one", () => expect(findings(good)).toEqual([]));
});
