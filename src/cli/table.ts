import { pad, printable, truncate, width } from "./text.ts";

export interface TableOptions {
  /** Of the terminal: rows that are longer are cut, column by column. Undefined where nothing folds. */
  readonly columns?: number | undefined;
  /** What a column takes at most, where it is not the last. */
  readonly most?: readonly number[] | undefined;
}

/** Narrower than this a column is not made to spare the others. */
const least = 6;

/** Rows in columns three spaces apart, as docker's lists are; without spaces at line ends. */
export function table(rows: readonly (readonly string[])[], options: TableOptions = {}): string {
  const clean = rows.map((row) => row.map(printable));
  const natural: number[] = [];
  for (const row of clean) row.forEach((cell, at) => (natural[at] = Math.max(natural[at] ?? 0, width(cell))));
  const wanted = natural.map((taken, at) => Math.min(taken, options.most?.[at] ?? taken));
  const { widths, gap } = fit(wanted, options.columns ?? Number.POSITIVE_INFINITY);
  return clean
    .map((row) => {
      const cells = row.map((cell, at) => pad(truncate(cell, widths[at] ?? 0), widths[at] ?? 0));
      return `${truncate(cells.join(" ".repeat(gap)).trimEnd(), options.columns ?? Number.POSITIVE_INFINITY)}\n`;
    })
    .join("");
}

/** Brings columns closer together where they do not fit, then takes from the widest. */
function fit(wanted: readonly number[], columns: number): { readonly widths: readonly number[]; readonly gap: number } {
  const total = (widths: readonly number[], gap: number): number =>
    widths.reduce((sum, taken) => sum + taken, 0) + gap * (widths.length - 1);
  const gap = [3, 2, 1].find((one) => total(wanted, one) <= columns) ?? 1;
  const widths = [...wanted];
  while (total(widths, gap) > columns) {
    const widest = widths.indexOf(Math.max(...widths));
    if ((widths[widest] ?? 0) <= least) break;
    widths[widest] = (widths[widest] ?? 0) - 1;
  }
  return { widths, gap };
}

/** The columns of a terminal, where a stream is one. */
export function columnsOf(out: {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
}): number | undefined {
  return out.isTTY ? out.columns : undefined;
}
