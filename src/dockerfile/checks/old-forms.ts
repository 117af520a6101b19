import type { EnvInstruction, LabelInstruction } from "../ast.ts";
import type { Rule } from "./contract.ts";

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
  instruction: ({ instruction, about }, report) => {
    if ((instruction.kind === "env" || instruction.kind === "label") && !hasEquals(instruction)) {
      const name = instruction.keyword.text;
      report(about, `Write ${name} name=value: a blank between name and value is the old form`);
    }
  },
};

function hasEquals({ pairs, location }: EnvInstruction | LabelInstruction): boolean {
  return pairs.every(({ name, value }) => location.text.slice(name.span.end, value.span.start).includes("="));
}
