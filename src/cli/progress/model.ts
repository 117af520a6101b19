import { type BuildEvent, isDigest, type StepInfo } from "../../base/index.ts";
import { printable, printableLines } from "../text.ts";
import { LineBuffer, TextTail } from "./lines.ts";

/** The whole output of a step is kept for its failure up to this many characters, then its end. */
const KEPT_OUTPUT = 8 * 1024 * 1024;
/** Lines that a live view can show of a running step. */
const SHOWN_LINES = 12;

export type StepStatus = "waiting" | "running" | "cached" | "done" | "failed" | "cancelled";

/** How far one part of a step is. */
export interface StepProgress {
  readonly label: string;
  readonly current: number;
  readonly total: number | undefined;
  readonly unit: "bytes" | undefined;
}

/** A step as far as the events told. */
export interface Step {
  readonly info: StepInfo;
  /** `[build 2/4] RUN go build`, or the text alone for a step of no stage. */
  readonly label: string;
  readonly tag: string;
  readonly text: string;
  /** In the order of first activity, from 1; 0 before. */
  number: number;
  status: StepStatus;
  started: number;
  duration: number;
  note: string | undefined;
  /** The cache from elsewhere that it was found in. */
  from: string | undefined;
  /** Why it runs, in one line. */
  why: string | undefined;
  message: string | undefined;
  readonly progress: Map<string, StepProgress>;
  readonly lines: string[];
  readonly streams: { readonly stdout: LineBuffer; readonly stderr: LineBuffer };
  output: TextTail;
}

export type Warning = Extract<BuildEvent, { type: "warning" }>;

/** What an event changed, for a renderer to show. */
export interface Change {
  readonly step: Step;
  /** Lines of output that the event completed. */
  readonly lines: readonly string[];
}

/** The state of a build, from its events: all that a renderer needs. */
export class BuildModel {
  readonly steps = new Map<string, Step>();
  readonly warnings: Warning[] = [];
  #numbers = 0;
  #failed: Step | undefined;

  /** The first step that failed. */
  get failed(): Step | undefined {
    return this.#failed;
  }

  /** @param now milliseconds since the epoch. */
  apply(event: BuildEvent, now: number): Change | undefined {
    if (event.type === "graph") {
      const stages = new Set(event.steps.flatMap(({ stage }) => (stage === undefined ? [] : [stage])));
      const platforms = new Set(event.steps.flatMap(({ platform }) => platform ?? []));
      for (const info of event.steps) this.#add(info, stages.size > 1, platforms.size > 1);
      return undefined;
    }
    if (event.type === "warning") {
      this.warnings.push(event);
      return undefined;
    }
    const known = this.steps.get(event.id);
    // What the graph did not name is shown when its id is words; a bare digest would tell nobody anything.
    if (!known && isDigest(event.id)) return undefined;
    const step = known ?? this.#add({ id: event.id, text: event.id, inputs: [] }, false);
    if (step.number === 0) step.number = ++this.#numbers;
    if (step.started === 0) step.started = now;
    return { step, lines: this.#change(step, event) };
  }

  #change(step: Step, event: Exclude<BuildEvent, { type: "graph" | "warning" }>): readonly string[] {
    switch (event.type) {
      case "step-start":
        step.status = "running";
        step.started = event.time;
        return [];
      case "step-output": {
        step.output.push(event.text);
        return this.#show(step, step.streams[event.stream].push(event.text));
      }
      case "step-progress":
        step.progress.delete(event.label);
        step.progress.set(event.label, {
          label: printable(event.label),
          current: event.current,
          total: event.total,
          unit: event.unit,
        });
        return [];
      case "step-why":
        step.why = printable(event.text);
        return [];
      case "step-cached":
        step.from = event.from === undefined ? undefined : printable(event.from);
        return this.#end(step, "cached");
      case "step-cancelled":
        return this.#end(step, "cancelled");
      case "step-done":
        step.duration = event.duration;
        step.note = event.note === undefined ? undefined : printable(event.note);
        return this.#end(step, "done");
      default:
        step.duration = event.duration;
        step.message = printableLines(event.error.message);
        this.#failed ??= step;
        return this.#end(step, "failed");
    }
  }

  #end(step: Step, status: StepStatus): readonly string[] {
    step.status = status;
    step.progress.clear();
    if (status !== "failed") step.output = new TextTail(0);
    return this.#show(
      step,
      [step.streams.stdout.flush(), step.streams.stderr.flush()].filter((line) => line !== ""),
    );
  }

  #show(step: Step, lines: readonly string[]): readonly string[] {
    step.lines.push(...lines.slice(-SHOWN_LINES));
    if (step.lines.length > SHOWN_LINES) step.lines.splice(0, step.lines.length - SHOWN_LINES);
    return lines;
  }

  #add(info: StepInfo, nameStage: boolean, namePlatform = false): Step {
    const known = this.steps.get(info.id);
    if (known) return known;
    const tag = stepTag(info, nameStage, namePlatform);
    const text = printable(info.text.replace(/\\?\s*\n/g, " "))
      .replace(/\s+/g, " ")
      .trim();
    const step: Step = {
      info,
      tag,
      text,
      label: tag === "" ? text : `${tag} ${text}`,
      number: 0,
      status: "waiting",
      started: 0,
      duration: 0,
      note: undefined,
      from: undefined,
      why: undefined,
      message: undefined,
      progress: new Map(),
      lines: [],
      streams: { stdout: new LineBuffer(), stderr: new LineBuffer() },
      output: new TextTail(KEPT_OUTPUT),
    };
    this.steps.set(info.id, step);
    return step;
  }
}

/** `[build 2/4]`; a build of one stage does without the name, as in BuildKit's output. */
function stepTag({ stage, position, platform }: StepInfo, nameStage: boolean, namePlatform: boolean): string {
  if (stage === undefined) return "";
  const name = /^\d+$/.test(stage) ? `stage-${stage}` : printable(stage);
  const parts = [
    ...(namePlatform && platform !== undefined ? [printable(platform)] : []),
    ...(nameStage || position === undefined ? [name] : []),
    ...(position === undefined ? [] : [`${position[0]}/${position[1]}`]),
  ];
  return `[${parts.join(" ")}]`;
}
