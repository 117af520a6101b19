import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** Where the cases lie: one folder each, `TOPIC/NAME`. */
const casesFolder = join(import.meta.dirname, "../cases");

/** How a build must fail. */
export interface Failure {
  /** The error's code. */
  readonly code: string;
  /** Part of its message or of its hint. */
  readonly says?: string | undefined;
  /** First line of the place in the Dockerfile. */
  readonly line?: number | undefined;
}

/** One more build of the same folder. */
export interface Rebuild {
  readonly prepare?: string | undefined;
  /** In place of the case's own; without it those again. */
  readonly args?: readonly string[] | undefined;
  readonly env?: Readonly<Record<string, string>> | undefined;
  /** Parts of the texts of steps that must come from the cache, or must run. */
  readonly cached?: readonly string[] | undefined;
  readonly ran?: readonly string[] | undefined;
}

/** How docker's build compares: the same, another result and why, or none at all. */
export type AgainstDocker =
  | "same"
  | { readonly differs: string; readonly in: readonly Difference[] }
  | { readonly unable: string };

export type Difference = "tree" | "config" | "message" | "line" | "warnings" | "outcome";

export interface CaseFile {
  readonly about: string;
  readonly args?: readonly string[] | undefined;
  /** For docker alone, in place of `args`. */
  readonly dockerArgs?: readonly string[] | undefined;
  /** The build context, from the case's folder; `context` without it. */
  readonly context?: string | undefined;
  /** Lines of sh, run in the copied folder before the first build. */
  readonly prepare?: string | undefined;
  /** Builds before the case's own, for images that it stands on. */
  readonly before?: readonly { readonly args: readonly string[]; readonly context?: string | undefined }[] | undefined;
  readonly fails?: Failure | undefined;
  /** Part of each warning, all of them, in their order. */
  readonly warns?: readonly string[] | undefined;
  /** A folder of the case that a web server on the loopback has; `%SERVER%` in the other members is its address. */
  readonly serve?: string | undefined;
  /** A file of the case that is standard input. */
  readonly stdin?: string | undefined;
  readonly env?: Readonly<Record<string, string>> | undefined;
  readonly then?: readonly Rebuild[] | undefined;
  readonly docker?: AgainstDocker | undefined;
  /** What the golden files show beside the usual. */
  readonly shows?: readonly ("times" | "history" | "created" | "platform")[] | undefined;
  readonly needs?: readonly "root"[] | undefined;
}

export interface Case extends CaseFile {
  readonly topic: string;
  /** `TOPIC/NAME`. */
  readonly name: string;
  /** The case's folder, as it lies in the repository. */
  readonly folder: string;
}

const members: Readonly<Record<keyof CaseFile, (value: unknown) => boolean>> = {
  about: isText,
  args: isTexts,
  dockerArgs: isTexts,
  context: isText,
  prepare: isText,
  before: (value) => isList(value, { args: isTexts, context: isText }, ["args"]),
  fails: (value) => isRecord(value, { code: isText, says: isText, line: isNumber }, ["code"]),
  warns: isTexts,
  serve: isText,
  stdin: isText,
  env: isMap,
  // oxlint-disable-next-line unicorn/no-thenable -- it is read from JSON, where nothing can be called
  then: (value) => isList(value, { prepare: isText, args: isTexts, env: isMap, cached: isTexts, ran: isTexts }, []),
  docker: (value) =>
    value === "same" ||
    isRecord(value, { unable: isText }, ["unable"]) ||
    isRecord(value, { differs: isText, in: isTexts }, ["differs", "in"]),
  shows: isTexts,
  needs: isTexts,
};

/** Every case, by name. Throws for a folder that is no case. */
export function readCases(): readonly Case[] {
  return folders(casesFolder).flatMap((topic) =>
    folders(join(casesFolder, topic)).map((name) => readCase(topic, `${topic}/${name}`)),
  );
}

/** Those whose names have one of the texts in CASES, which commas part; all without it. */
export function chosenCases(): readonly Case[] {
  const texts = (process.env["CASES"] ?? "").split(",");
  return readCases().filter(({ name }) => texts.some((text) => name.includes(text)));
}

function readCase(topic: string, name: string): Case {
  const folder = join(casesFolder, name);
  const file = join(folder, "case.json");
  if (!existsSync(file)) throw new Error(`test/cases/${name} has no case.json`);
  const content = JSON.parse(readFileSync(file, "utf8")) as CaseFile;
  if (!isRecord(content, members, ["about"])) throw new Error(`test/cases/${name}/case.json: ${wrongMembers(content)}`);
  return { ...content, topic, name, folder };
}

function wrongMembers(content: object): string {
  const wrong = Object.entries(content).filter(([key, value]) => !members[key as keyof CaseFile]?.(value));
  return `wrong or unknown: ${wrong.map(([key]) => key).join(", ") || "about is missing"} (see test/cases/README.md)`;
}

function folders(path: string): readonly string[] {
  return readdirSync(path, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort();
}

function isText(value: unknown): boolean {
  return typeof value === "string" && value !== "";
}

function isNumber(value: unknown): boolean {
  return typeof value === "number";
}

function isTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}

function isMap(value: unknown): boolean {
  return typeof value === "object" && value !== null && isTexts(Object.values(value));
}

function isList(
  value: unknown,
  shape: Readonly<Record<string, (item: unknown) => boolean>>,
  needed: readonly string[],
): boolean {
  return Array.isArray(value) && value.every((item) => isRecord(item, shape, needed));
}

function isRecord(
  value: unknown,
  shape: Readonly<Record<string, (item: unknown) => boolean>>,
  needed: readonly string[],
): boolean {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const entries = Object.entries(value);
  return entries.every(([key, item]) => shape[key]?.(item) === true) && needed.every((key) => key in value);
}
