import type { Dockerfile, Instruction } from "../ast.ts";
import { describingComments } from "../check-options.ts";
import { stages } from "../stages.ts";
import type { Target } from "./contract.ts";

/**
 * The stages of a file, in its order.
 * @throws SLIP_DOCKERFILE where the stages are not well formed.
 */
export function listTargets(dockerfile: Dockerfile): readonly Target[] {
  const all = stages(dockerfile).stages;
  return all.map(({ index, name, from }) => ({
    name,
    default: index === all.length - 1,
    description: descriptionOf(from, name),
    base: from.image.text,
    platform: from.platform?.text,
    lines: [from.span.startLine, from.span.endLine],
  }));
}

/** What the comments above an instruction say of a name: `# name text`. */
export function descriptionOf(instruction: Instruction, name: string | undefined): string | undefined {
  if (name === undefined) return undefined;
  const comment = describingComments(instruction).find((text) => text.startsWith(`${name} `));
  return comment?.slice(name.length + 1);
}
