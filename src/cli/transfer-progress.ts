import type { BuildEvent } from "../base/index.ts";
import { formatDuration, formatSize } from "./format.ts";
import type { CommandIo } from "./io.ts";
import { printable, printableLines } from "./text.ts";

/** Shows what pull and push do: a line a step and a line at its end, with a moving one between them on a terminal. */
export function transferProgress({ stderr }: Pick<CommandIo, "stderr">): (event: BuildEvent) => void {
  const live = stderr.isTTY === true;
  let moving = false;
  const line = (text: string): void => {
    stderr.write(`${moving ? "\r\u001b[K" : ""}${text}\n`);
    moving = false;
  };
  return (event) => {
    switch (event.type) {
      case "graph":
        for (const { text } of event.steps) line(printable(text));
        return;
      case "step-progress":
        if (!live) return;
        stderr.write(`\r\u001b[K  ${printable(event.label)} ${amount(event)}`);
        moving = true;
        return;
      case "step-output":
        return line(`  ${printableLines(event.text.trimEnd())}`);
      case "step-done":
        return line(`  done in ${formatDuration(event.duration)}${event.note === undefined ? "" : ` (${event.note})`}`);
      case "warning":
        return line(`WARNING: ${printableLines(event.message)}`);
      default:
        return moving ? line("") : undefined;
    }
  };
}

function amount({ current, total }: Extract<BuildEvent, { type: "step-progress" }>): string {
  return total === undefined ? formatSize(current) : `${formatSize(current)} of ${formatSize(total)}`;
}
