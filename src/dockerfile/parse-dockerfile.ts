import { SlipwayError, type SourceSpan } from "../base/index.ts";
import type { Dockerfile, Instruction } from "./ast.ts";
import { readDirectives } from "./directives.ts";
import { heredocMarks, parseInstruction } from "./instructions/index.ts";
import { LineReader } from "./line-reader.ts";
import { Region } from "./logical-line.ts";
import { SourceText } from "./source-text.ts";

export interface ParseOptions {
  /** The file's name, for messages. */
  readonly file?: string | undefined;
}

/**
 * Parses a Dockerfile (the public Dockerfile reference, front end 1.26). Pure: reads nothing but the text.
 * @throws SLIP_DOCKERFILE with the place, for whatever the reference does not allow.
 *
 * @example
 * parseDockerfile("FROM scratch\nCOPY app /app\n").instructions.map(({ kind }) => kind); // ["from", "copy"]
 */
export function parseDockerfile(text: string, options: ParseOptions = {}): Dockerfile {
  const source = new SourceText(options.file ?? "Dockerfile", text);
  const { escape, list, end } = readDirectives(source, text.startsWith("\uFEFF") ? 1 : 0);
  const { instructions, trailingComments, emptyContinuations } = readInstructions(source, escape, end);
  if (instructions.length === 0) {
    throw source.fault(source.span(0, 0), "The Dockerfile has no instructions", "begin with FROM IMAGE");
  }
  return { file: source.file, text, escape, directives: list, instructions, trailingComments, emptyContinuations };
}

/**
 * Parses what an image records under `OnBuild`: one instruction, with its heredoc bodies.
 * @throws SLIP_DOCKERFILE also for FROM, MAINTAINER and ONBUILD, which cannot be triggers, and for several instructions.
 */
export function parseTrigger(
  text: string,
  options: { readonly image: string; readonly escape?: Dockerfile["escape"] },
): Instruction {
  const source = new SourceText(`ONBUILD of ${options.image}`, text);
  const { instructions } = readInstructions(source, options.escape ?? "\\", 0);
  const [trigger] = instructions;
  if (trigger === undefined || instructions.length > 1 || ["from", "maintainer", "onbuild"].includes(trigger.kind)) {
    throw new SlipwayError({
      code: "SLIP_DOCKERFILE",
      message: `The image ${options.image} has an ONBUILD trigger that cannot be run: ${JSON.stringify(text.slice(0, 200))}`,
      hint: "build the image again with a trigger that is one instruction, and none of FROM, MAINTAINER, ONBUILD",
      location: source.location(source.span(0, text.length)),
    });
  }
  return trigger;
}

function readInstructions(source: SourceText, escape: Dockerfile["escape"], start: number) {
  const reader = new LineReader(source, escape, start);
  const instructions: Instruction[] = [];
  const emptyContinuations: SourceSpan[] = [];
  for (;;) {
    const read = reader.next();
    const { line, comments } = read;
    if (line === undefined) return { instructions, trailingComments: comments, emptyContinuations };
    const region = Region.trimmed(line);
    // Nothing but continuation characters up to the end of the file.
    if (region.empty) continue;
    const marks = heredocMarks(region);
    const { heredocs, end } = marks.length > 0 ? reader.heredocs(marks, line) : { heredocs: [], end: read.end };
    const first = line.span(region.start, region.end);
    const span = source.span(first.start, Math.max(end, first.end));
    const instruction = parseInstruction(region, heredocs, { span, location: source.location(span), comments });
    instructions.push(instruction);
    const [empty] = read.emptyContinuations;
    if (empty !== undefined) emptyContinuations.push(empty);
  }
}
