import { SlipwayError } from "../base/index.ts";
import type { ArgInstruction, Dockerfile, FromInstruction, Instruction, Stage, Staged } from "./ast.ts";

const validName = /^[a-z][a-z0-9_.-]*$/;

/**
 * Groups a file's instructions into stages (section "FROM"). As in docker build, a name may be used again: it then means the
 * later stage from there on.
 * @throws SLIP_DOCKERFILE for names that are not well formed, instructions before the first FROM, and a file without FROM.
 */
export function stages(dockerfile: Dockerfile): Staged {
  const globalArgs: ArgInstruction[] = [];
  const grouped: (Stage & { readonly instructions: Instruction[] })[] = [];
  for (const instruction of dockerfile.instructions) {
    const current = grouped.at(-1);
    if (instruction.kind === "from") {
      const name = stageName(instruction);
      grouped.push({ index: grouped.length, name, from: instruction, instructions: [] });
    } else if (current !== undefined) current.instructions.push(instruction);
    else if (instruction.kind === "arg") globalArgs.push(instruction);
    else {
      throw new SlipwayError({
        code: "SLIP_DOCKERFILE",
        message: `${instruction.keyword.text.toUpperCase()} stands before the first FROM`,
        hint: "only ARG may stand there; begin with FROM IMAGE",
        location: instruction.location,
      });
    }
  }
  if (grouped.length === 0) {
    throw new SlipwayError({
      code: "SLIP_DOCKERFILE",
      message: "The Dockerfile has no stage to build",
      hint: "begin with FROM IMAGE",
      location: dockerfile.instructions[0]?.location,
    });
  }
  return { globalArgs, stages: grouped };
}

function stageName(from: FromInstruction): string | undefined {
  const name = from.as?.text.toLowerCase();
  if (name !== undefined && !validName.test(name)) {
    throw new SlipwayError({
      code: "SLIP_DOCKERFILE",
      message: `Invalid name for a build stage: ${JSON.stringify(from.as?.text)}`,
      hint: "a name begins with a letter and has letters, digits, and - _ . only",
      location: { ...from.location, span: from.as?.span ?? from.span },
    });
  }
  return name;
}
