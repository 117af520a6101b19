import { spawn } from "node:child_process";
import { program } from "./slipway.ts";

/** What a call on a terminal left. */
export interface Shown {
  readonly code: number | null;
  /** All that came to the terminal: standard output and error, and the echo of what was typed. */
  readonly screen: string;
}

/** A slipway on a terminal of its own, made by script(1) of util-linux. */
export interface OnTerminal {
  readonly ended: Promise<Shown>;
  readonly screen: () => string;
  /** Types; `\u0003` is Ctrl-C. */
  type(text: string): void;
}

/** @param columns and rows of the terminal. */
export function onTerminal(
  args: readonly string[],
  options: { readonly store: string; readonly columns: number; readonly rows: number },
): OnTerminal {
  const quoted = [program, ...args].map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(" ");
  const line = `stty cols ${options.columns} rows ${options.rows}; exec ${quoted}`;
  const child = spawn("script", ["--quiet", "--return", "--flush", "--command", line, "/dev/null"], {
    env: {
      PATH: process.env["PATH"],
      HOME: process.env["HOME"],
      SLIPWAY_RUNTIME: process.env["SLIPWAY_RUNTIME"],
      SLIPWAY_ROOT: options.store,
      TERM: "xterm",
      LANG: "C.UTF-8",
    },
    stdio: ["pipe", "pipe", "inherit"],
  });
  let screen = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (screen += text));
  const timer = setTimeout(() => child.kill("SIGKILL"), 60_000);
  const ended = new Promise<Shown>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, screen }));
  }).finally(() => clearTimeout(timer));
  return { ended, screen: () => screen, type: (text) => void child.stdin.write(text) };
}
