import type { BuildResult } from "../../index.ts";
import { formatDuration, formatSize, plural, shortId } from "../format.ts";
import type { Style } from "../style.ts";
import { pad, printable, printableLines, wrap } from "../text.ts";
import type { Warning } from "./model.ts";

const LABEL = 11;
/** Narrower than this a text beside its label cannot be read. */
const LEAST_ROOM = 20;

/**
 * The closing lines of a build: time, steps, what came out and what stayed behind.
 * @param columns width of the terminal; without it lines are as long as they are.
 */
export function summary(result: BuildResult, style: Style, columns: number = Number.POSITIVE_INFINITY): string {
  const { facts } = result;
  const name = result.names[0] ?? `image ${shortId(result.imageId)}`;
  const size = formatSize(result.size);
  const left = facts.stages.filter((stage) => !stage.shipped);
  const rows: (readonly [string, string])[] = [
    ...(result.images.length > 1
      ? result.images.map((one): [string, string] => [
          "image",
          `${one.imageId.slice(0, 19)}  ${one.platform}  ${formatSize(one.size)}`,
        ])
      : [["image", `${result.imageId.slice(0, 19)}  ${size}${compressedText(result)}`] as const]),
    ...result.names.slice(1).map((other): [string, string] => ["also", printable(other)]),
    ...left.map((stage): [string, string] => [
      "left behind",
      `${formatSize(stage.size)} in stage ${printable(stage.name)} (${plural(stage.entries, "entry", "entries")})${compressedText(stage)}`,
    ]),
    ...(left.length === 0 ? [["left behind", "nothing"] as const] : []),
    ...facts.skippedStages.map((stage): [string, string] => ["skipped", `stage ${printable(stage)}`]),
    ...Object.entries(facts.bases).map(([base, origin]): [string, string] => [
      "base",
      `${printable(base)} from the ${printable(origin).replace(/(?<=sha256:[0-9a-f]{12})[0-9a-f]{52}/g, "")}`,
    ]),
    ...result.outputs.map(({ type, dest, digest }): [string, string] => [
      "output",
      `${type}  ${dest === "-" ? "standard output" : printable(dest)}${digest === undefined ? "" : `  ${digest.slice(0, 19)}`}`,
    ]),
  ];
  const steps = `${plural(facts.steps, "step")}, ${cachedText(facts)}`;
  const head = `${style.green(style.bold("Built"))} ${style.bold(printable(name))} in ${formatDuration(facts.duration)}: ${steps}\n`;
  const room = Math.max(LEAST_ROOM, columns - LABEL - 4);
  const lines = rows.flatMap(([what, text]) =>
    wrap(text, room).map((line, at) => {
      const shown = line.trimEnd().replace(size, what === "image" ? style.bold(size) : size);
      return `  ${style.dim(pad(at === 0 ? what : "", LABEL))}  ${shown}\n`;
    }),
  );
  return head + lines.join("");
}

/** A size that has layers in it which are still packed is not that of files. */
function compressedText({ compressedLayers = 0 }: { readonly compressedLayers?: number | undefined }): string {
  return compressedLayers === 0 ? "" : `, ${plural(compressedLayers, "layer")} not fetched and counted compressed`;
}

function cachedText({ steps, cachedSteps }: BuildResult["facts"]): string {
  if (cachedSteps === 0) return "none cached";
  return cachedSteps === steps ? "all cached" : `${cachedSteps} cached`;
}

/** The build's warnings, with their places and remedies, and its notes; empty without any. */
export function warningText(warnings: readonly Warning[], style: Style): string {
  const notes = warnings.filter(({ note }) => note);
  return (
    listText(
      warnings.filter(({ note }) => !note),
      "warning",
      style,
    ) + listText(notes, "note", style)
  );
}

function listText(warnings: readonly Warning[], what: "warning" | "note", style: Style): string {
  if (warnings.length === 0) return "";
  const items = warnings.map(({ message, code, line, hint, excerpt }) => {
    const place = line === undefined ? "" : ` (line ${line})`;
    const rule = code === undefined ? "" : `${printable(code)}: `;
    const remedy = hint === undefined ? "" : `\n   ${printable(hint)}`;
    const lines =
      excerpt === undefined || what === "note" ? "" : `\n${printableLines(excerpt.trimEnd()).replace(/^/gm, "   ")}`;
    return ` - ${rule}${printable(message)}${place}${lines}${remedy}\n`;
  });
  const head =
    what === "note" ? plural(warnings.length, "note") : style.yellow(`${plural(warnings.length, "warning")} found`);
  return `${head}:\n${items.join("")}\n`;
}
