import { formatDuration } from "../format.ts";
import type { Out } from "../io.ts";
import type { Style } from "../style.ts";
import { finishedRow, frame, type Glyphs } from "./frame.ts";
import { BuildModel } from "./model.ts";
import type { Progress } from "./progress.ts";
import { summary, warningText } from "./summary.ts";

const REPAINT_EVERY = 100;

export interface TtyOptions {
  readonly out: Out;
  readonly style: Style;
  readonly glyphs: Glyphs;
  readonly now: () => number;
  readonly signal: AbortSignal;
  readonly atExit: (action: () => void) => void;
}

/** The live view: finished steps scroll above, running steps are repainted in place. */
export class TtyProgress implements Progress {
  readonly #options: TtyOptions;
  readonly #model = new BuildModel();
  readonly #started: number;
  /** Finished steps that are not written yet. */
  #finished: string[] = [];
  /** Columns of each row that the last frame took. */
  #painted: readonly number[] = [];
  #paintedAt = 0;
  #cursorHidden = false;
  readonly #timer: NodeJS.Timeout;
  #tick = 0;

  constructor(options: TtyOptions) {
    this.#options = options;
    this.#started = options.now();
    this.#timer = setInterval(this.#paint, REPAINT_EVERY);
    this.#timer.unref();
    options.out.on?.("resize", this.#paint);
    options.atExit(() => this.#showCursor());
  }

  readonly event: Progress["event"] = (event) => {
    const { now, style, glyphs } = this.#options;
    const change = this.#model.apply(event, now());
    if (!change || change.step.status === "running" || change.step.status === "waiting") return;
    this.#finished.push(finishedRow(change.step, this.#columns(), style, glyphs));
  };

  succeed(result: Parameters<Progress["succeed"]>[0]): void {
    const { out, style } = this.#options;
    this.#stop();
    out.write(`\n${warningText(this.#model.warnings, style)}${summary(result, style, this.#size()[0])}`);
  }

  fail(): ReturnType<Progress["fail"]> {
    const { out, style } = this.#options;
    this.#stop();
    out.write(warningText(this.#model.warnings, style));
    const failed = this.#model.failed;
    return failed && { label: failed.label, output: failed.output.text() };
  }

  readonly #paint = (): void => {
    const { style, glyphs, now, signal } = this.#options;
    const rows = frame(this.#model, {
      columns: this.#columns(),
      rows: this.#size()[1],
      style,
      glyphs,
      now: now(),
      tick: this.#tick++,
      status: `${signal.aborted ? "Cancelling" : "Building"} ${formatDuration(now() - this.#started)}`,
    });
    this.#write(
      rows.map(({ text }) => text),
      rows.map(({ columns }) => columns),
    );
  };

  #stop(): void {
    clearInterval(this.#timer);
    this.#options.out.off?.("resize", this.#paint);
    this.#write([], []);
    this.#showCursor();
  }

  /** One write: back to the frame's top, the finished rows, the new frame, and nothing of the old one behind it. */
  #write(rows: readonly string[], columns: readonly number[]): void {
    const finished = this.#finished;
    this.#finished = [];
    if (finished.length === 0 && rows.length === 0 && this.#painted.length === 0) return;
    // A terminal that became narrower has folded the rows of the last frame.
    const now = this.#columns() + 1;
    const up = this.#painted.reduce((sum, taken) => sum + Math.max(1, Math.ceil(taken / now)), 0);
    const parts = [this.#cursorHidden || rows.length === 0 ? "" : "\u001b[?25l", "\r", up === 0 ? "" : `\u001b[${up}A`];
    // Folded rows are cleared first: overwritten in place they stay joined for the terminal's next resize.
    if (now !== this.#paintedAt) parts.push("\u001b[J");
    this.#paintedAt = now;
    this.#cursorHidden ||= rows.length > 0;
    for (const row of [...finished, ...rows]) parts.push(row, "\u001b[K\n");
    parts.push("\u001b[J");
    this.#painted = columns;
    this.#options.out.write(parts.join(""));
  }

  #showCursor(): void {
    if (this.#cursorHidden) this.#options.out.write("\u001b[?25h");
    this.#cursorHidden = false;
  }

  /** Asked anew at each paint: a terminal that was resized has folded its rows before the signal comes. */
  #size(): readonly [number, number] {
    const { out } = this.#options;
    return out.getWindowSize?.() ?? [out.columns ?? 80, out.rows ?? 24];
  }

  /** One column is left free, so that no terminal folds a full row. */
  #columns(): number {
    return Math.max(10, this.#size()[0] - 1);
  }
}
