import { pad, printable, width } from "./text.ts";

/** Rows in columns three spaces apart, as docker's lists are; without spaces at line ends. */
export function table(rows: readonly (readonly string[])[]): string {
  const clean = rows.map((row) => row.map(printable));
  const widths: number[] = [];
  for (const row of clean) row.forEach((cell, at) => (widths[at] = Math.max(widths[at] ?? 0, width(cell))));
  return clean
    .map(
      (row) =>
        `${row
          .map((cell, at) => pad(cell, widths[at] ?? 0))
          .join("   ")
          .trimEnd()}\n`,
    )
    .join("");
}
