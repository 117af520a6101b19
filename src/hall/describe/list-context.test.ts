import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { tempFolder } from "../../../test/support/store-lab.ts";
import { listContext } from "./list-context.ts";

function context(files: Readonly<Record<string, string>>): string {
  const folder = tempFolder();
  for (const [path, text] of Object.entries({ Dockerfile: "FROM scratch\n", ...files })) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return folder;
}

const shown = async (folder: string, dockerfile?: string): Promise<readonly string[]> =>
  (await listContext({ context: folder, dockerfile })).entries.map(
    ({ path, taken, rule }) =>
      `${taken ? "+" : "-"} ${path}${rule ? ` ${rule.line}${rule.includes ? "!" : ""} ${rule.pattern}` : ""}`,
  );

test("each entry has the last line that is about it; what cannot take part is not entered", async () => {
  const folder = context({
    ".dockerignore": "# comment\n*.log\n\nnode_modules\nlogs/\n!logs/keep.log\n",
    "a.log": "x",
    "logs/keep.log": "kept",
    "logs/other.log": "x",
    "node_modules/deep/file": "x",
    "src/main.c": "12345",
  });
  expect(await shown(folder)).toEqual([
    "+ .dockerignore",
    "+ Dockerfile",
    "- a.log 2 *.log",
    "- logs 5 logs",
    "+ logs/keep.log 6! logs/keep.log",
    "- logs/other.log 5 logs",
    "- node_modules 4 node_modules",
    "+ src",
    "+ src/main.c",
  ]);
  const { ignoreFile, entries } = await listContext({ context: folder });
  expect([ignoreFile, entries.find(({ path }) => path === "src/main.c")?.size]).toEqual([".dockerignore", 5]);
});

test("a Dockerfile may have an ignore file of its own", async () => {
  const folder = context({
    "own.Dockerfile": "",
    "own.Dockerfile.dockerignore": "a\n",
    ".dockerignore": "b\n",
    a: "",
    b: "",
  });
  expect((await listContext({ context: folder, dockerfile: join(folder, "own.Dockerfile") })).ignoreFile).toBe(
    "own.Dockerfile.dockerignore",
  );
  expect(await shown(folder, join(folder, "own.Dockerfile"))).toContain("- a 1 a");
  expect((await listContext({ context: context({}) })).ignoreFile).toBeUndefined();
});
