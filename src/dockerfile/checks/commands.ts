import type { InstructionKind } from "../ast.ts";
import type { Rule } from "./contract.ts";

export const jsonArgsRecommended: Rule = {
  name: "JSONArgsRecommended",
  detail: "CMD and ENTRYPOINT are JSON arrays: under a shell the program does not get the signals that are to end it",
  instruction: ({ instruction, about, scope }, report) => {
    if (instruction.kind !== "cmd" && instruction.kind !== "entrypoint") return;
    // Whoever names the shell means to have one.
    if (instruction.command.form === "exec" || scope.hasShell) return;
    report(about, `${instruction.keyword.text} runs under a shell, which does not pass signals on: write a JSON array`);
  },
};

const once = new Set<InstructionKind>(["cmd", "entrypoint", "healthcheck"]);

export const multipleInstructionsDisallowed: Rule = {
  name: "MultipleInstructionsDisallowed",
  detail: "A stage has one CMD, one ENTRYPOINT and one HEALTHCHECK: only the last one counts",
  instruction: ({ instruction, scope }, report) => {
    const earlier = once.has(instruction.kind) ? scope.previous(instruction.kind) : undefined;
    if (earlier === undefined) return;
    report(earlier, `This ${earlier.keyword.text} does nothing: another one of the same stage follows`);
  },
};
