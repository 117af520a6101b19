import type { EnvInstruction, LabelInstruction } from "../ast.ts";
import type { Report, Rule, Visit } from "./contract.ts";

export const maintainerDeprecated: Rule = {
  name: "MaintainerDeprecated",
  detail: "The author is named by a label: MAINTAINER is deprecated",
  file: ({ dockerfile }, report) => {
    for (const instruction of dockerfile.instructions) {
      if (instruction.kind !== "maintainer") continue;
      report(instruction, "MAINTAINER is deprecated: write LABEL org.opencontainers.image.authors=NAME");
    }
  },
};

export const legacyKeyValueFormat: Rule = {
  name: "LegacyKeyValueFormat",
  detail: "ENV and LABEL have = between name and value",
  instructions: { env: oldForm, label: oldForm },
};

function oldForm({ instruction, about }: Visit<EnvInstruction | LabelInstruction>, report: Report): void {
  if (hasEquals(instruction)) return;
  report(about, `Write ${instruction.keyword.text} name=value: a blank between name and value is the old form`);
}

function hasEquals({ pairs, location }: EnvInstruction | LabelInstruction): boolean {
  return pairs.every(({ name, value }) => location.text.slice(name.span.end, value.span.start).includes("="));
}
