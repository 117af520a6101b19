import type { Instruction } from "../ast.ts";
import type { Rule } from "./contract.ts";

export const invalidDefinitionDescription: Rule = {
  name: "InvalidDefinitionDescription",
  detail: "A comment right above ARG or a named FROM begins with the name that it describes",
  experimental: true,
  file: ({ dockerfile }, report) => {
    for (const instruction of dockerfile.instructions) {
      const names = definedNames(instruction);
      const comment = instruction.comments.findLast(({ span }) => span.end <= instruction.span.start);
      if (names.length === 0 || comment === undefined || comment.text === "") continue;
      // An empty line between says that it is no description.
      if (comment.span.endLine + 1 < instruction.span.startLine || names.includes(comment.text.split(" ", 1)[0] ?? ""))
        continue;
      const wanted = names.length === 1 ? names[0] : "the name of an argument";
      const keyword = instruction.keyword.text.toUpperCase();
      report(
        instruction,
        `The comment above ${keyword} does not begin with ${wanted}: leave an empty line between, or describe it`,
      );
    }
  },
};

/** What the instruction gives names to. */
function definedNames(instruction: Instruction): readonly string[] {
  if (instruction.kind === "arg") return instruction.args.map(({ name }) => name.text);
  if (instruction.kind === "from" && instruction.as !== undefined) return [instruction.as.text.toLowerCase()];
  return [];
}
