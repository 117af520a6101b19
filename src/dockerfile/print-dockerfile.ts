import type { Dockerfile, Instruction, Token } from "./ast.ts";

/**
 * A Dockerfile as text: each instruction on one line, its comments above it. Parsed again it gives the same tree, but for the places.
 */
export function printDockerfile(dockerfile: Dockerfile): string {
  const { directives, escape, instructions, trailingComments } = dockerfile;
  const head = directives.map(({ name, value }) => `# ${name}=${value.text}\n`).join("");
  const body = instructions.map((instruction) => `${printComments(instruction.comments)}${print(instruction, escape)}`);
  // The empty line keeps a comment from being read as a directive.
  return `${head}\n${body.join("")}${printComments(trailingComments)}`;
}

function printComments(comments: readonly Token[]): string {
  return comments.map(({ text }) => (text === "" ? "#\n" : `# ${text}\n`)).join("");
}

function print({ text, heredocs }: Instruction, escape: string): string {
  // A single escape character at the end would continue the line; a form feed behind it ends it, and is trimmed by the parser.
  const end = text.endsWith(escape) && !text.endsWith(escape + escape) ? "\f\n" : "\n";
  return heredocs.reduce((printed, { raw, name }) => `${printed}${raw}${name}\n`, text + end);
}
