import { formatCount, formatDuration, formatSize } from "../format.ts";
import type { Out } from "../io.ts";
import type { Style } from "../style.ts";
import { BuildModel, type Step, type StepProgress } from "./model.ts";
import type { Progress } from "./progress.ts";
import { summary, warningText } from "./summary.ts";

/** A step is shown alone until it is silent this long while another has something to say. */
const PATIENCE = 1000;
/** Least time between two lines of one step's progress. */
const PROGRESS_EVERY = 5000;
/** Lines of the failed step that are repeated at the end; all of them stand above. */
const REPEATED = 40;

interface Track {
  readonly step: Step;
  readonly waiting: string[];
  since: number;
  ended: boolean;
  progressAt: number;
}

/** Lines in BuildKit's plain form: `#5 [build 2/4] RUN ...`, `#5 0.312 output`, `#5 DONE 1.2s`. Steps that run at once take turns. */
export class PlainProgress implements Progress {
  readonly #out: Out;
  readonly #style: Style;
  readonly #now: () => number;
  readonly #model = new BuildModel();
  readonly #tracks = new Map<Step, Track>();
  #current: Track | undefined;
  #lastWrite = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(out: Out, style: Style, now: () => number) {
    this.#out = out;
    this.#style = style;
    this.#now = now;
  }

  readonly event: Progress["event"] = (event) => {
    const now = this.#now();
    const change = this.#model.apply(event, now);
    if (!change) return;
    const { step, lines } = change;
    const track = this.#track(step, now);
    for (const line of lines) this.#say(track, `${elapsed(now - step.started)} ${line}`.trimEnd(), now);
    if (event.type === "step-why" && step.why !== undefined) this.#say(track, `RUNS: ${step.why}`, now);
    if (event.type === "step-progress" && now - track.progressAt >= PROGRESS_EVERY) {
      track.progressAt = now;
      const part = step.progress.get(event.label);
      if (part) this.#say(track, progressText(part), now);
    }
    const end = endText(step);
    if (end !== undefined) {
      this.#say(track, end, now);
      track.ended = true;
    }
    this.#pump(now);
  };

  succeed(result: Parameters<Progress["succeed"]>[0]): void {
    this.#finish();
    this.#out.write(
      `\n${warningText(this.#model.warnings, this.#style)}${summary(result, this.#style, this.#out.columns)}`,
    );
  }

  fail(): ReturnType<Progress["fail"]> {
    this.#finish();
    this.#out.write(warningText(this.#model.warnings, this.#style));
    const failed = this.#model.failed;
    if (!failed) return undefined;
    const lines = failed.output.text().trimEnd().split("\n");
    const hidden = lines.length - REPEATED;
    const shown = hidden > 0 ? [`(${hidden} lines more above)`, ...lines.slice(-REPEATED)] : lines;
    return { label: failed.label, output: shown.join("\n") };
  }

  #track(step: Step, now: number): Track {
    const known = this.#tracks.get(step);
    if (known) return known;
    const track: Track = { step, waiting: [], since: now, ended: false, progressAt: now };
    this.#tracks.set(step, track);
    return track;
  }

  #say(track: Track, text: string, now: number): void {
    if (track.waiting.length === 0) track.since = now;
    track.waiting.push(`#${track.step.number} ${text}\n`);
  }

  /** Writes what may be written: the current step's lines, another step when this one ended or is silent. */
  #pump(now: number): void {
    for (;;) {
      const current = this.#current;
      if (current) {
        if (current.waiting.length > 0) {
          this.#out.write(current.waiting.splice(0).join(""));
          this.#lastWrite = now;
        }
        if (current.ended) {
          this.#current = undefined;
          this.#tracks.delete(current.step);
          continue;
        }
      }
      const next = this.#next(current, now);
      if (!next) break;
      if (current) this.#out.write(`#${current.step.number} ...\n`);
      this.#out.write(
        `${this.#lastWrite === 0 ? "" : "\n"}#${next.step.number} ${this.#style.bold(next.step.label)}\n`,
      );
      this.#lastWrite = now;
      this.#current = next;
    }
    this.#wake(now);
  }

  /** Ended steps first, in order of their numbers; then the one that waited longest. */
  #next(current: Track | undefined, now: number): Track | undefined {
    const others = [...this.#tracks.values()].filter((track) => track !== current);
    if (!current) {
      return others.find((track) => track.ended) ?? others.find((track) => track.waiting.length > 0) ?? others[0];
    }
    if (now - this.#lastWrite < PATIENCE) return undefined;
    return others.filter((track) => track.waiting.length > 0).sort((a, b) => a.since - b.since)[0];
  }

  #wake(now: number): void {
    const waits = [...this.#tracks.values()].some((track) => track.waiting.length > 0);
    if (!waits || this.#timer) return;
    this.#timer = setTimeout(
      () => {
        this.#timer = undefined;
        this.#pump(this.#now());
      },
      Math.max(50, PATIENCE - (now - this.#lastWrite)),
    );
    this.#timer.unref();
  }

  /** Writes all that is left, ended steps and those that an error cut off. */
  #finish(): void {
    clearTimeout(this.#timer);
    for (const track of this.#tracks.values()) track.ended = true;
    this.#pump(this.#now());
  }
}

function endText(step: Step): string | undefined {
  const note = step.note === undefined ? "" : ` (${step.note})`;
  switch (step.status) {
    case "cached":
      return step.from === undefined ? "CACHED" : `CACHED (from ${step.from})`;
    case "done":
      return `DONE ${formatDuration(step.duration)}${note}`;
    case "failed":
      return `ERROR: ${step.message ?? "failed"}`;
    case "cancelled":
      return "CANCELED";
    default:
      return undefined;
  }
}

/** `downloading 45.1MB / 120MB`. */
export function progressText({ label, current, total, unit }: StepProgress): string {
  const show = unit === "bytes" ? formatSize : formatCount;
  return `${label} ${show(current)}${total === undefined ? "" : ` / ${show(total)}`}`;
}

/** Seconds since the step began, four digits. */
function elapsed(milliseconds: number): string {
  const seconds = Math.max(0, milliseconds) / 1000;
  return seconds < 1 ? seconds.toFixed(3) : seconds >= 1000 ? String(Math.round(seconds)) : seconds.toPrecision(4);
}
