import type { Measured } from "./measure.ts";

/** What one builder did in one row. */
export interface Cell {
  readonly builder: string;
  readonly runs: readonly Measured[];
  /** Why it could not. */
  readonly failed?: string | undefined;
}

export interface Row {
  readonly case: { readonly name: string; readonly title: string };
  readonly variant: string;
  readonly cells: readonly Cell[];
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** A markdown table: medians of seconds and of peak memory a builder, and how many times as long as slipway each peer took. */
export function markdown(rows: readonly Row[], builders: readonly string[]): string {
  const peers = builders.filter((name) => name !== "slipway");
  const ratios = builders.includes("slipway") ? peers : [];
  const head = ["case", "", ...builders.map((b) => `${b}, s (MB)`), ...ratios.map((b) => `${b} / slipway`)];
  const body = rows.map((row) => {
    const cell = (builder: string): Cell | undefined => row.cells.find((c) => c.builder === builder);
    const own = seconds(cell("slipway"));
    return [
      row.case.title,
      row.variant,
      ...builders.map((b) => text(cell(b))),
      ...ratios.map((b) => {
        const peer = seconds(cell(b));
        return own === undefined || peer === undefined ? "" : (peer / own).toFixed(1);
      }),
    ];
  });
  const rule = head.map((_, i) => (i < 2 ? "---" : "--:"));
  return [head, rule, ...body].map((columns) => `| ${columns.join(" | ")} |`).join("\n");
}

function seconds(cell: Cell | undefined): number | undefined {
  return cell && cell.runs.length > 0 ? median(cell.runs.map((run) => run.seconds)) : undefined;
}

function text(cell: Cell | undefined): string {
  const time = seconds(cell);
  if (cell === undefined || time === undefined) return cell?.failed ? "failed" : "";
  const peak = median(cell.runs.map((run) => run.peak)) / 1e6;
  return `${time < 10 ? time.toFixed(2) : time.toFixed(1)} (${peak.toFixed(0)})`;
}
