import { isSlipwayError } from "../../base/index.ts";
import type { AddInstruction, CopyInstruction } from "../ast.ts";
import { type IgnoreRules, ignoreRules } from "../ignore.ts";
import type { CheckFacts, Report, Rule, Visit } from "./contract.ts";

/** Patterns that leave out whatever lies in the context. */
const everything = new Set(["*", "**", "**/*"]);

export const copyIgnoredFile: Rule = {
  name: "CopyIgnoredFile",
  detail: "COPY and ADD take nothing that the ignore file leaves out",
  instructions: {
    add: takesIgnored,
    copy: (visit, report) => {
      if (visit.instruction.from === undefined) takesIgnored(visit, report);
    },
  },
};

function takesIgnored(
  { instruction, about, scope, facts }: Visit<AddInstruction | CopyInstruction>,
  report: Report,
): void {
  const rules = rulesOf(facts);
  if (rules === undefined) return;
  for (const source of instruction.sources) {
    const path = source.type === "path" ? scope.expand(source.path).text : undefined;
    if (source.type !== "path" || path === undefined || isRemote(path)) continue;
    const root = /^\.?\/*$/.test(path.replaceAll("./", ""));
    if (!(root ? rules.patterns.some((pattern) => everything.has(pattern)) : rules.ignored(path))) continue;
    const message = `${instruction.keyword.text.toUpperCase()} takes ${JSON.stringify(path)}, which the ignore file leaves out`;
    report(about, message, about === instruction ? source.path.span : undefined);
  }
}

function isRemote(source: string): boolean {
  return /^(?:https?|git|ssh):\/\/|^git@/i.test(source);
}

const compiled = new WeakMap<CheckFacts, { readonly rules: IgnoreRules | undefined }>();

/** Undefined where nothing can be told: no ignore file, one that takes paths back in with "!", or one that is malformed. */
function rulesOf(facts: CheckFacts): IgnoreRules | undefined {
  const known = compiled.get(facts);
  if (known) return known.rules;
  const rules = compile(facts.ignore);
  compiled.set(facts, { rules });
  return rules;
}

function compile(ignore: readonly string[]): IgnoreRules | undefined {
  const patterns = ignore.map((line) => line.trim()).filter((line) => line !== "" && !line.startsWith("#"));
  if (patterns.length === 0 || patterns.some((pattern) => pattern.startsWith("!"))) return undefined;
  try {
    return ignoreRules(patterns);
  } catch (error) {
    if (!isSlipwayError(error)) throw error;
    return undefined;
  }
}
