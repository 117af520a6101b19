import type { RunOptions } from "../api/api.ts";

/** Columns and rows of the terminal that standard output is; undefined when it is none. */
export function ownTerminalSize(): RunOptions["terminalSize"] {
  if (!process.stdout.isTTY) return undefined;
  const [columns, rows] = process.stdout.getWindowSize();
  return { columns, rows };
}
