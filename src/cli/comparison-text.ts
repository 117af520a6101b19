import { basename } from "node:path";
import type { Comparison, ImageInspection } from "../index.ts";
import { formatCount, formatSize, plural, shortId } from "./format.ts";
import type { Style } from "./style.ts";
import { pad, printable, truncate, width, wrap } from "./text.ts";

const FOLDERS = 5;
const LABEL = 18;
const GAP = 3;

/** A row of the comparison: one text or several lines an image. */
interface Row {
  readonly label: string;
  cells(image: ImageInspection): readonly string[];
}

const rows: readonly (Row | "gap")[] = [
  { label: "image id", cells: ({ id }) => [shortId(id)] },
  { label: "size", cells: ({ size }) => [formatSize(size)] },
  { label: "layers", cells: ({ layers }) => [formatCount(layers)] },
  { label: "files", cells: ({ files }) => [formatCount(files)] },
  { label: "links", cells: ({ links }) => [formatCount(links)] },
  { label: "folders", cells: ({ folders }) => [formatCount(folders)] },
  { label: "user", cells: ({ user }) => [user === "" ? "root" : user] },
  "gap",
  { label: "packages", cells: packageCells },
  { label: "shells", cells: ({ shells }) => listCells(shells) },
  { label: "package managers", cells: ({ packageManagers }) => listCells(packageManagers) },
  { label: "compilers", cells: ({ compilers }) => listCells(compilers) },
  { label: "setuid, setgid", cells: ({ setuid }) => listCells(setuid.map(({ path }) => path)) },
  "gap",
  { label: "largest folders", cells: folderCells },
  "gap",
  { label: "left behind", cells: leftCells },
  { label: "not read", cells: ({ notes }) => notes },
];

/** Two images as a table of two columns, and one sentence that says it. */
export function comparisonText(comparison: Comparison, style: Style, columns: number): string {
  const { a, b } = comparison;
  const room = Math.max(18, Math.floor((Math.min(columns, 140) - LABEL - 2 * GAP) / 2));
  const texts = rows.map((item) =>
    item === "gap" ? item : { label: item.label, a: fit(item.cells(a), room), b: fit(item.cells(b), room) },
  );
  const head = [a, b].map(({ name }) => truncate(printable(name), room));
  const cells = texts.flatMap((item) => (item === "gap" ? [] : item.a));
  const left = Math.max(...[head[0] ?? "", ...cells].map(width));
  const line = (label: string, one: string, two: string, bold: boolean): string => {
    const paint = bold ? style.bold : (text: string): string => text;
    return `${style.dim(pad(label, LABEL))}${" ".repeat(GAP)}${paint(one)}${" ".repeat(Math.max(0, left - width(one)) + GAP)}${paint(two)}`;
  };
  const lines: string[] = [line("", head[0] ?? "", head[1] ?? "", true)];
  for (const item of texts) {
    if (item === "gap") {
      lines.push("");
      continue;
    }
    const count = Math.max(item.a.length, item.b.length);
    for (let at = 0; at < count; at++) {
      lines.push(line(at === 0 ? item.label : "", item.a[at] ?? "", item.b[at] ?? "", item.label === "size"));
    }
  }
  const verdict = sentence(comparison);
  return `${lines.map((text) => `${text.trimEnd()}\n`).join("")}${verdict === undefined ? "" : `\n${style.green(verdict)}\n`}`;
}

function sentence({ a, b, ratio }: Comparison): string | undefined {
  if (!(a.size > 0) || !(b.size > 0)) return undefined;
  const [small, large, times] = ratio >= 1 ? [b, a, ratio] : [a, b, 1 / ratio];
  if (times < 1.005) return "Both are of the same size";
  const shown = times >= 100 ? formatCount(Math.round(times)) : String(Number(times.toPrecision(3)));
  return `${printable(small.name)} is ${shown} times smaller: ${formatSize(large.size - small.size)} less than ${printable(large.name)}`;
}

function packageCells({ packages }: ImageInspection): readonly string[] {
  if (packages.length === 0) return ["none"];
  const managers = [...new Set(packages.map(({ manager }) => manager))];
  return [`${formatCount(packages.length)} (${managers.join(", ")})`];
}

/** The count, and the names under it. */
function listCells(paths: readonly string[]): readonly string[] {
  if (paths.length === 0) return ["none"];
  const names = [...new Set(paths.map((path) => basename(path)))];
  const shown = names.slice(0, 12);
  const more = names.length > shown.length ? `, and ${names.length - shown.length} more` : "";
  return [`${formatCount(paths.length)}: ${shown.join(", ")}${more}`];
}

function folderCells({ largest }: ImageInspection): readonly string[] {
  const shown = largest.slice(0, FOLDERS);
  const sizes = shown.map(({ size }) => formatSize(size));
  const widest = Math.max(0, ...sizes.map(width));
  return shown.length === 0 ? ["none"] : shown.map(({ path }, at) => `${(sizes[at] ?? "").padStart(widest)}  ${path}`);
}

function leftCells({ facts }: ImageInspection): readonly string[] {
  if (!facts) return ["unknown: not built here"];
  const left = facts.stages.filter(({ shipped }) => !shipped);
  const skipped = facts.skippedStages.map((stage) => `skipped: stage ${stage}`);
  if (left.length === 0) return ["nothing", ...skipped];
  return [
    ...left.map(
      ({ name, size, entries }) => `${formatSize(size)} in stage ${name} (${plural(entries, "entry", "entries")})`,
    ),
    ...skipped,
  ];
}

/** Lines no wider than the column. Aligned figures are cut, sentences are wrapped. */
function fit(cells: readonly string[], room: number): readonly string[] {
  return cells
    .map(printable)
    .flatMap((cell) => (/^\s*\S+ {2}\//.test(cell) ? [cell] : wrap(cell, room)))
    .map((cell) => truncate(cell, room));
}
