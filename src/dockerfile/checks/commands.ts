import type { CmdInstruction, EntrypointInstruction } from "../ast.ts";
import type { Report, Rule, Visit } from "./contract.ts";

export const jsonArgsRecommended: Rule = {
  name: "JSONArgsRecommended",
  detail: "CMD and ENTRYPOINT are JSON arrays: under a shell the program does not get the signals that are to end it",
  instructions: { cmd: runsUnderShell, entrypoint: runsUnderShell },
};

function runsUnderShell(
  { instruction, about, scope }: Visit<CmdInstruction | EntrypointInstruction>,
  report: Report,
): void {
  // Whoever names the shell means to have one.
  if (instruction.command.form === "exec" || scope.hasShell) return;
  report(about, `${instruction.keyword.text} runs under a shell, which does not pass signals on: write a JSON array`);
}

export const multipleInstructionsDisallowed: Rule = {
  name: "MultipleInstructionsDisallowed",
  detail: "A stage has one CMD, one ENTRYPOINT and one HEALTHCHECK: only the last one counts",
  instructions: { cmd: replaces, entrypoint: replaces, healthcheck: replaces },
};

function replaces({ instruction, scope }: Visit, report: Report): void {
  const earlier = scope.previous(instruction.kind);
  if (earlier === undefined) return;
  report(earlier, `This ${earlier.keyword.text} does nothing: another one of the same stage follows`);
}
