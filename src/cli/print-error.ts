import { type SlipwayError, type SourceLocation } from "../base/index.ts";
import type { CommandIo } from "./io.ts";
import { makeStyle, wantsColour } from "./style.ts";
import { printable, printableLines } from "./text.ts";

/** How much of the failed step is shown before the message. */
export interface FailedStep {
  /** `[build 2/4] RUN go build`. */
  readonly label: string;
  /** The whole output, or its end when it stands above already. */
  readonly output: string;
}

/** Prints an error: the failed step's output, the place, the message, the remedy. The one printer of every command. */
export async function printError(
  error: SlipwayError,
  io: Pick<CommandIo, "stderr" | "env" | "debug">,
  step?: FailedStep,
): Promise<void> {
  const style = makeStyle(wantsColour(io.stderr, io.env));
  const parts: string[] = [];
  if (error.code === "SLIP_CANCELLED" && !io.debug) {
    io.stderr.write(`${style.yellow("Cancelled")}\n`);
    return;
  }
  const output = (step?.output || error.output || "").replace(/\n+$/, "");
  if (output !== "") {
    parts.push("------\n");
    if (step) parts.push(` > ${style.bold(printable(step.label))}:\n`);
    parts.push(`${printableLines(output)}\n------\n`);
  }
  if (error.location) parts.push(`${(await placeText(error.location)).trimEnd()}\n`);
  parts.push(`${style.red(style.bold("ERROR:"))} ${printableLines(error.message)} ${style.dim(`(${error.code})`)}\n`);
  if (error.hint !== undefined) {
    parts.push(
      printableLines(error.hint)
        .split("\n")
        .map((line, at) => `${at === 0 ? style.cyan("  hint:") : "       "} ${line}\n`)
        .join(""),
    );
  }
  if (io.debug) parts.push(`${causes(error)}\n`);
  else if (error.code === "SLIP_INTERNAL")
    parts.push(`${style.dim("  run again with --debug for the stack; this is a defect of slipway")}\n`);
  io.stderr.write(parts.join(""));
}

/** The user's lines with the place marked; in the words of the Dockerfile room, loaded only now. */
async function placeText(location: SourceLocation): Promise<string> {
  const { formatLocation } = await import("../dockerfile/index.ts");
  return printableLines(formatLocation(location));
}

function causes(error: Error): string {
  const lines: string[] = [];
  for (let cause: unknown = error; cause !== undefined; cause = cause instanceof Error ? cause.cause : undefined) {
    lines.push(cause instanceof Error ? (cause.stack ?? cause.message) : JSON.stringify(cause));
  }
  return lines.join("\ncaused by: ");
}
