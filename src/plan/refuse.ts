import { SlipwayError, type SourceLocation, type SourceSpan } from "../base/index.ts";
import type { Instruction } from "../dockerfile/index.ts";

/** The error for what is understood and not built yet: nothing is ever silently ignored. */
function unsupported(what: string, location: SourceLocation, span?: SourceSpan): SlipwayError {
  return new SlipwayError({
    code: "SLIP_UNSUPPORTED",
    message: `${what} is not supported yet`,
    hint: "slipway understands it but does not build it, and never ignores what it cannot do; leave it out or work around it for now",
    location: span ? { ...location, span } : location,
  });
}

/** Throws for the first flag of the instruction that is in the list. */
export function refuseFlags(instruction: Instruction, names: readonly string[]): void {
  const flag = instruction.flags.find(({ name }) => names.includes(name));
  if (flag) {
    const text = flag.value === undefined ? `--${flag.name}` : `--${flag.name}=${flag.value}`;
    throw unsupported(`${instruction.kind.toUpperCase()} ${text}`, instruction.location, flag.span);
  }
}

/** An error about an instruction of the Dockerfile. */
export function wrong(message: string, location: SourceLocation, hint?: string): SlipwayError {
  return new SlipwayError({ code: "SLIP_DOCKERFILE", message, hint, location });
}
