import type { FromInstruction } from "../ast.ts";
import type { Rule } from "./contract.ts";

const isLower = (text: string): boolean => text === text.toLowerCase();
const isUpper = (text: string): boolean => text === text.toUpperCase();

export const stageNameCasing: Rule = {
  name: "StageNameCasing",
  detail: "The name of a stage is in lower case",
  from: ({ stage: { from } }, report) => {
    if (from.as !== undefined && !isLower(from.as.text)) {
      report(from, `The stage name ${from.as.text} is not in lower case`, from.as.span);
    }
  },
};

export const fromAsCasing: Rule = {
  name: "FromAsCasing",
  detail: "FROM and AS are written in the same case",
  from: ({ stage: { from } }, report) => {
    const as = asKeyword(from);
    const keyword = from.keyword.text;
    // A keyword of mixed case is what ConsistentInstructionCasing is about.
    if (as === undefined || !(isLower(keyword) || isUpper(keyword))) return;
    if (isLower(keyword) ? !isLower(as) : !isUpper(as)) {
      report(from, `${as} is not in the same case as ${keyword}`);
    }
  },
};

/** AS as it is written: the last word but one. */
function asKeyword({ as, text }: FromInstruction): string | undefined {
  return as === undefined ? undefined : /(\S+)\s+\S+$/.exec(text.trimEnd())?.[1];
}

export const consistentInstructionCasing: Rule = {
  name: "ConsistentInstructionCasing",
  detail: "All instructions of a file are written in upper case, or all in lower case",
  file: ({ staged }, report) => {
    const instructions = (staged?.stages ?? []).flatMap(({ from, instructions }) => [from, ...instructions]);
    const lower = instructions.filter(({ keyword }) => isLower(keyword.text)).length;
    const upper = instructions.filter(({ keyword }) => isUpper(keyword.text)).length;
    const most = lower > upper ? "lower" : "upper";
    for (const instruction of instructions) {
      const { keyword } = instruction;
      if (most === "lower" ? isLower(keyword.text) : isUpper(keyword.text)) continue;
      report(instruction, `${keyword.text} is not in ${most} case, as most instructions here are`, keyword.span);
    }
  },
};
