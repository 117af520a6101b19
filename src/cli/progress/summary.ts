import type { BuildResult } from "../../index.ts";
import { formatDuration, formatSize, plural, shortId } from "../format.ts";
import type { Style } from "../style.ts";
import { pad, printable } from "../text.ts";
import type { Warning } from "./model.ts";

/** The closing lines of a build: time, steps, what came out and what stayed behind. */
export function summary(result: BuildResult, style: Style): string {
  const { facts } = result;
  const name = result.names[0] ?? `image ${shortId(result.imageId)}`;
  const cached =
    facts.cachedSteps === 0 ? "" : facts.cachedSteps === facts.steps ? ", all cached" : `, ${facts.cachedSteps} cached`;
  const left = facts.stages.filter((stage) => !stage.shipped);
  const rows: (readonly [string, string])[] = [
    ["image", `${result.imageId.slice(0, 19)}  ${style.bold(formatSize(result.size))}`],
    ...result.names.slice(1).map((other): [string, string] => ["also", printable(other)]),
    ...left.map((stage): [string, string] => [
      "left behind",
      `${formatSize(stage.size)} in stage ${style.bold(printable(stage.name))} (${plural(stage.entries, "entry", "entries")})`,
    ]),
    ...facts.skippedStages.map((stage): [string, string] => ["skipped", `stage ${printable(stage)}`]),
    ...Object.entries(facts.bases).map(([base, origin]): [string, string] => [
      "base",
      `${printable(base)} from ${printable(origin)}`,
    ]),
    ...result.outputs.map(({ type, dest, digest }): [string, string] => [
      "output",
      `${type}  ${dest === "-" ? "standard output" : printable(dest)}${digest === undefined ? "" : `  ${digest.slice(0, 19)}`}`,
    ]),
  ];
  const head = `${style.green(style.bold("Built"))} ${style.bold(printable(name))} in ${formatDuration(facts.duration)}: ${plural(facts.steps, "step")}${cached}`;
  return `${head}\n${rows.map(([what, text]) => `  ${style.dim(pad(what, 11))}  ${text}\n`).join("")}`;
}

/** The build's warnings, with their places and remedies; empty without any. */
export function warningText(warnings: readonly Warning[], style: Style): string {
  if (warnings.length === 0) return "";
  const items = warnings.map(({ message, code, line, hint }) => {
    const place = line === undefined ? "" : ` (line ${line})`;
    const rule = code === undefined ? "" : `${printable(code)}: `;
    const remedy = hint === undefined ? "" : `\n   ${printable(hint)}`;
    return ` - ${rule}${printable(message)}${place}${remedy}\n`;
  });
  return `${style.yellow(plural(warnings.length, "warning"))}:\n${items.join("")}\n`;
}
