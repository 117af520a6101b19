import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { readCases } from "./case.ts";
import { casesOf, conformancePage } from "./page.ts";
import { reference } from "./reference.ts";

const cases = readCases();

test("docs/conformance.md is what the cases say (npm run conformance writes it)", () => {
  const page = readFileSync(join(import.meta.dirname, "../../docs/conformance.md"), "utf8");
  expect(page).toBe(conformancePage(cases, reference));
});

describe("every part of the reference has its cases", () => {
  test.each(reference.flatMap(({ title, parts }) => parts.map((part) => [title, part.what, part] as const)))(
    "%s: %s",
    (_title, _what, part) => {
      expect(casesOf(part, cases).map(({ name }) => name)).not.toEqual([]);
    },
  );
});

test("there are at least 250 cases, and each says what it is about in its own words", () => {
  expect(cases.length).toBeGreaterThanOrEqual(250);
  const told = [...Map.groupBy(cases, ({ topic, about }) => `${topic}: ${about}`)].filter(
    ([, same]) => same.length > 1,
  );
  expect(told.map(([about]) => about)).toEqual([]);
  expect(cases.filter(({ about }) => about.endsWith(".") && !about.endsWith("/."))).toEqual([]);
});
