import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { checkRules } from "../../src/dockerfile/checks/rules.ts";
import { inspectImage } from "../../src/index.ts";
import type { Lab } from "../e2e/support/lab.ts";
import { type Ended, eventsOf, stepsOf } from "../e2e/support/slipway.ts";
import { readTree } from "../e2e/support/tar-tree.ts";
import type { Case } from "./case.ts";
import { configText } from "./config-text.ts";
import { buildWords } from "./lay-case.ts";
import { type Base, configOptions, type Outcome } from "./outcome.ts";
import { treeText } from "./tree-text.ts";

/** Builds a case that is laid in `folder` with the command, as a user would. */
export async function runCase(
  given: Case,
  folder: string,
  { lab, store, base }: { readonly lab: Lab; readonly store: string; readonly base: Base },
  changed: {
    readonly args?: readonly string[] | undefined;
    readonly env?: Readonly<Record<string, string>> | undefined;
  } = {},
): Promise<Outcome> {
  const tar = join(folder, "..", `${given.name.replace("/", "-")}.tar`);
  const words = ["build", "--progress=json", "-o", `type=tar,dest=${tar}`, ...buildWords(given, folder, changed.args)];
  const ended = await lab.slipway(words, {
    store,
    cwd: folder,
    env: { ...given.env, ...changed.env },
    stdin: given.stdin === undefined ? undefined : join(folder, given.stdin),
  });
  const events = eventsOf(ended.stderr);
  // Most cases name programs that are not there: the checks of the result have cases of their own.
  const aboutResults = given.topic === "result-checks";
  const known = (code: string | undefined): boolean =>
    code === undefined || checkRules.some(({ name }) => name === code);
  const warnings = events
    .filter(({ type, code }) => type === "warning" && (aboutResults || known(code)))
    .map(({ code, message, line }) =>
      [code && `${code}:`, message, line && `(line ${line})`].filter(Boolean).join(" "),
    );
  const steps = stepsOf(ended.stderr);
  const imageId = events.find(({ type }) => type === "result")?.imageId;
  if (ended.code !== 0 || imageId === undefined)
    return { failure: failureOf(ended), warnings, tree: "", config: "", steps };
  const image = (await inspectImage(imageId, { store })).config;
  return {
    warnings,
    tree: treeText(readTree(tar), base.tree, { times: given.shows?.includes("times") === true }),
    config: configText(image, configOptions(given, base)),
    steps,
  };
}

/** Builds what a case stands on. */
export async function runBefore(given: Case, folder: string, lab: Lab, store: string): Promise<void> {
  for (const { args, context = "context" } of given.before ?? []) {
    const ended = await lab.slipway(["build", "--progress=json", ...args, context], { store, cwd: folder });
    if (ended.code !== 0) throw new Error(`what ${given.name} stands on was not built:\n${ended.stderr}`);
  }
}

/** The image `base` of the lab's store. */
export async function readBase(lab: Lab): Promise<Base> {
  const tree = await lab.tree(lab.context({ Dockerfile: "FROM base\n" }));
  const { config } = await inspectImage("base", { store: lab.store });
  return { tree, history: config.history?.length ?? 0 };
}

/** The text of a golden file, which is written first where UPDATE is set. A file that is not there is an empty one. */
export function golden(given: Case, name: "tree" | "config", actual: string): string {
  const file = join(given.folder, name);
  const expected = existsSync(file) ? readFileSync(file, "utf8") : "";
  if (process.env["UPDATE"] !== "1" || actual === expected) return expected;
  if (actual === "") rmSync(file);
  else writeFileSync(file, actual);
  return actual;
}

function failureOf({ code, stderr }: Ended): NonNullable<Outcome["failure"]> {
  const error = eventsOf(stderr).findLast(({ type }) => type === "error")?.error;
  if (error !== undefined) {
    const { message, hint = "", location } = error;
    return { code: error.code, text: `${message}\n${hint}`, line: location?.span.startLine };
  }
  // What is wrong with the command line itself is told before there is any progress.
  const told = /^ERROR: (.*) \((SLIP_[A-Z_]+)\)$/ms.exec(stderr);
  return told ? { code: told[2]!, text: stderr } : { code: `exit ${code}`, text: stderr };
}
