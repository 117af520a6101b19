import type { Library } from "./library.ts";
import type { Style } from "./style.ts";

/** A stream for text: standard output or error, or a buffer in tests. */
export interface Out {
  write(text: string): unknown;
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  readonly rows?: number | undefined;
  /** Columns and rows as they are now; `columns` and `rows` lag behind a resize. */
  getWindowSize?(): [number, number];
  on?(event: "resize", listener: () => void): unknown;
  off?(event: "resize", listener: () => void): unknown;
}

/** Everything of the process that a command touches. */
export interface Io {
  readonly stdout: Out;
  readonly stderr: Out;
  readonly stdinIsTTY: () => boolean;
  /** One line from standard input; undefined at its end, and when the signal aborts. */
  readonly readLine: () => Promise<string | undefined>;
  /** One line from the terminal without its echo; undefined when there is none or it was interrupted. */
  readonly readSecret: () => Promise<string | undefined>;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Aborts at the first interrupt. */
  readonly signal: AbortSignal;
  /** Called when the process ends, however it does. */
  readonly atExit: (action: () => void) => void;
  /** Loaded when first needed: start-up is a feature. */
  readonly library: () => Promise<Library>;
}

/** What a command gets beside its own flags. */
export interface CommandIo extends Io {
  /** --store, if given. */
  readonly store: string | undefined;
  readonly debug: boolean;
  /** Colours for standard output. */
  readonly style: Style;
}
