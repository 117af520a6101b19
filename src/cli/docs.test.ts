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

const errorsPage = readFileSync(new URL("../../docs/errors.md", import.meta.url), "utf8");

/** Rows of the tables of docs/errors.md that begin with a code: code, exit code, what happened, what helps. */
const errorRows = errorsPage
  .split("\n")
  .filter((line) => line.startsWith("| `SLIP_"))
  .map((line) =>
    line
      .split(/(?<!\\)\|/)
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );

test("docs/errors.md has every error code once, with its exit code, and no other", () => {
  const codes = errorRows.map(([code = ""]) => code.replaceAll("`", ""));
  expect(codes).toHaveLength(new Set(codes).size);
  expect(Object.fromEntries(errorRows.map(([, exit], at) => [codes[at], Number(exit)]))).toEqual(errorCodes);
  for (const [, , happened = "", helps = ""] of errorRows) {
    expect(happened.length).toBeGreaterThan(15);
    expect(helps.length).toBeGreaterThan(15);
  }
});

test("docs/errors.md has the exit codes of run, and those that signals end with", async () => {
  const codes = errorsPage.slice(errorsPage.indexOf("## Exit codes of `slipway run`"));
  const run = await registry.find((entry) => entry.name === "run")?.load();
  for (const exit of [run?.failureCode, 126, 127, 129, 130, 137, 143])
    expect(codes).toMatch(new RegExp(`^\\| *${exit} \\|`, "m"));
  const cancelled = errorRows.find(([code]) => code === "`SLIP_CANCELLED`")?.join(" ");
  for (const exit of [130, 143, 129]) expect(cancelled).toContain(String(exit));
});

test("docs/errors.md names only flags and commands that there are", async () => {
  const commands = await Promise.all(registry.map((entry) => entry.load()));
  const known = new Set(commands.flatMap(({ options }) => Object.keys(options)).concat(Object.keys(globals)));
  // The flags of docker and of the Dockerfile that the page speaks of.
  for (const other of ["privileged", "from", "chown"]) known.add(other);
  for (const [, flag] of errorsPage.matchAll(/--([a-z][a-z-]*)/g)) expect(known).toContain(flag);
  const names = new Set(registry.map(({ name }) => name));
  for (const [, name = ""] of errorsPage.matchAll(/`slipway ([a-z]+)/g)) expect(names).toContain(name);
});
