import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { tempFolder } from "../../../test/support/store-lab.ts";
import { parseOwnBase } from "./own-base.ts";
import { ownBaseSchema, publishedSchema } from "./schema.ts";

const page = readFileSync(new URL("../../../docs/own-bases.md", import.meta.url), "utf8");
const example = /```yaml\n([\s\S]*?)```/.exec(page)?.[1] ?? "";

test("schemas/base.schema.json is what the parser checks by: `npm run schemas` writes it", () => {
  const file = readFileSync(new URL("../../../schemas/base.schema.json", import.meta.url), "utf8");
  expect(JSON.parse(file)).toEqual(publishedSchema);
});

test("docs/own-bases.md has every key, and its example uses each and is a base", async () => {
  const keys = Object.keys(ownBaseSchema.properties ?? {});
  const rows = page.split("\n").filter((line) => line.startsWith("| `"));
  const listed = rows.flatMap((line) => [...(line.split(" | ")[0] ?? "").matchAll(/`(\w+)`/g)].map(([, key]) => key));
  expect(new Set(listed)).toEqual(new Set(keys));
  expect(listed).toHaveLength(keys.length);
  const used = new Set([...example.matchAll(/^(\w+):/gm)].map(([, key]) => key));
  expect(keys.filter((key) => !used.has(key) && key !== "cmd")).toEqual([]);

  const folder = tempFolder();
  mkdirSync(join(folder, "app"));
  writeFileSync(join(folder, "app/run.py"), "#!/usr/bin/python3\n", { mode: 0o755 });
  writeFileSync(join(folder, "company-ca.pem"), readFileSync(new URL("./test-ca.pem", import.meta.url)));
  const base = await parseOwnBase(example, join(folder, "my-base.yaml"));
  expect([base.name, base.archs, base.warnings]).toEqual(["my-base", ["amd64", "arm64"], []]);
  const recipe = base.recipe("arm64");
  expect(recipe.config).toMatchObject({ user: "10001:8080", env: { PORT: "8080", LANG: "C.UTF-8" } });
  expect(recipe.files?.find(({ path }) => path === "/opt/app/run.py")?.mode).toBe(0o755);
});

test("every key and every kind of entry tells editors what it is for", () => {
  const without = Object.entries(ownBaseSchema.properties ?? {}).flatMap(([key, schema]) => [
    ...(schema.description === undefined ? [key] : []),
    ...Object.entries(schema.items?.properties ?? schema.properties ?? {}).flatMap(([inner, one]) =>
      one.description === undefined ? [`${key}.${inner}`] : [],
    ),
  ]);
  expect(without).toEqual([]);
});
