import type { OptionSpec, OptionTable } from "./args.ts";
import type { Command } from "./command.ts";
import { globals } from "./globals.ts";
import { type Entry, registry } from "./registry.ts";
import type { Style } from "./style.ts";
import { wrap } from "./text.ts";

/** Narrower than this a text beside its flag cannot be read. */
const LEAST_TEXT = 35;
/** Wide enough for every command's name, so that the groups stand in line. */
const COMMAND_COLUMN = 12;

/** The program's own help: every command with one line. */
export function programHelp(style: Style, columns: number): string {
  const group = (title: string, name: Entry["group"]): string =>
    section(
      title,
      registry.filter((entry) => entry.group === name).map(({ name: item, summary }) => [item, summary]),
      style,
      columns,
      COMMAND_COLUMN,
    );
  return [
    `${style.bold("Usage:")}  slipway [OPTIONS] COMMAND\n\n`,
    "Builds container images from Dockerfiles, without a container engine\n\n",
    group("Build and look", "build"),
    group("Images", "images"),
    group("The store", "store"),
    group("Other", "other"),
    section("Options", optionRows({ ...globals, version: versionFlag }), style, columns, 26),
    "Run 'slipway COMMAND --help' for more about a command.\n",
  ].join("");
}

/** The help of the first word of several commands: each of them with one line. */
export function groupHelp(first: string, entries: readonly Entry[], style: Style, columns: number): string {
  const rows = entries.map(({ name, summary }) => [name, summary] as const);
  return [
    `${style.bold("Usage:")}  slipway ${first} COMMAND\n\n`,
    section("Commands", rows, style, columns, Math.max(COMMAND_COLUMN, ...rows.map(([name]) => name.length))),
    `Run 'slipway ${first} COMMAND --help' for more about a command.\n`,
  ].join("");
}

/** --version is known to the program alone. */
const versionFlag = { type: "flag", short: "v", help: "Show the version" } as const satisfies OptionSpec;

/** The help of one command. */
export function commandHelp(command: Command, entry: Entry | undefined, style: Style, columns: number): string {
  const own = new Set(Object.values(command.options).map((spec) => spec.short));
  const rest: OptionTable = own.has("h") ? { ...globals, help: { ...globals.help, short: undefined } } : globals;
  const parts = [
    `${style.bold("Usage:")}  slipway ${command.name} ${command.usage}\n\n`,
    `${paragraphs(command.summary, columns)}\n\n`,
    command.description === undefined ? "" : `${paragraphs(command.description, columns)}\n\n`,
    entry && entry.aliases.length > 0 ? `${style.bold("Also:")}  ${aliasLines(entry.aliases, columns)}\n\n` : "",
    section("Options", optionRows(command.options), style, columns, 30),
    section("Options of every command", optionRows(rest), style, columns, 30),
  ];
  if (command.examples) {
    parts.push(`${style.bold("Examples:")}\n${command.examples.map((line) => `  ${line}\n`).join("")}`);
  }
  return `${parts.join("").trimEnd()}\n`;
}

function optionRows(options: OptionTable): readonly (readonly [string, string])[] {
  return Object.entries(options).flatMap(([name, spec]) => {
    if (spec.help === undefined) return [];
    const short = spec.short === undefined ? "    " : `-${spec.short}, `;
    const names = [name, ...(spec.aliases ?? [])].map((long) => `--${long}`).join(", ");
    const value = spec.type === "flag" ? "" : ` ${spec.value ?? "VALUE"}`;
    const several = spec.type === "list" ? " (may be repeated)" : "";
    return [[`${short}${names}${value}`, `${spec.help}${several}`] as const];
  });
}

function section(
  title: string,
  rows: readonly (readonly [string, string])[],
  style: Style,
  columns: number,
  left: number,
): string {
  if (rows.length === 0) return "";
  const lines = rows.flatMap(([name, text]) => {
    // Without room for two columns the text goes under the name.
    if (columns < left + LEAST_TEXT) return [`  ${name}`, ...wrap(text, columns - 8).map((line) => `        ${line}`)];
    const wrapped = wrap(text, columns - left - 5);
    const first = name.length > left ? [`  ${name}`] : [];
    const under = wrapped.map((line, at) => {
      const head = at === 0 && first.length === 0 ? name : "";
      return `  ${head.padEnd(left)}   ${line}`;
    });
    return [...first, ...under];
  });
  return `${style.bold(`${title}:`)}\n${lines.map((line) => `${line.trimEnd()}\n`).join("")}\n`;
}

function aliasLines(aliases: readonly string[], columns: number): string {
  const indent = "Also:  ".length;
  const names = aliases.map((alias) => `slipway ${alias}`).join(", ");
  return wrap(names, columns - indent).join(`\n${" ".repeat(indent)}`);
}

function paragraphs(text: string, columns: number): string {
  return text
    .split("\n")
    .map((paragraph) => wrap(paragraph, columns).join("\n"))
    .join("\n");
}

/** Help is wrapped to the terminal, and never wider than reads well. */
export function helpColumns(out: { readonly columns?: number | undefined }): number {
  return Math.min(100, Math.max(30, out.columns ?? 100));
}
