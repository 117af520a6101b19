import { formatDuration, plural } from "../format.ts";
import type { Style } from "../style.ts";
import { pad, truncate, width } from "../text.ts";
import type { BuildModel, Step, StepProgress } from "./model.ts";
import { progressText } from "./plain.ts";

/** The signs of the live view, for terminals with and without Unicode. */
export interface Glyphs {
  readonly spinner: readonly string[];
  readonly done: string;
  readonly failed: string;
  readonly cancelled: string;
  readonly pipe: string;
  readonly full: string;
  readonly empty: string;
  readonly ellipsis: string;
}

const unicodeGlyphs: Glyphs = {
  spinner: ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"],
  done: "✔",
  failed: "✖",
  cancelled: "○",
  pipe: "│",
  full: "━",
  empty: "─",
  ellipsis: "…",
};

const asciiGlyphs: Glyphs = {
  spinner: ["|", "/", "-", "\\"],
  done: "+",
  failed: "x",
  cancelled: "o",
  pipe: "|",
  full: "#",
  empty: "-",
  ellipsis: "...",
};

/** Unicode unless the locale or the Linux console says that it cannot be shown. */
export function glyphsFor(env: Readonly<Record<string, string | undefined>>): Glyphs {
  const locale = env["LC_ALL"] || env["LC_CTYPE"] || env["LANG"] || "";
  const plain = env["TERM"] === "linux" || (locale !== "" && !/utf-?8/i.test(locale));
  return plain ? asciiGlyphs : unicodeGlyphs;
}

export interface FrameOptions {
  readonly columns: number;
  readonly rows: number;
  readonly style: Style;
  readonly glyphs: Glyphs;
  readonly now: number;
  /** Counts repaints: the spinner's place. */
  readonly tick: number;
  readonly status: string;
}

/** A painted row and the columns that it takes. */
export interface Row {
  readonly text: string;
  readonly columns: number;
}

/** The rows of the live region: running steps with the end of their output, and one line for the whole build. */
export function frame(model: BuildModel, options: FrameOptions): readonly Row[] {
  const { columns, style, glyphs, tick } = options;
  const all = [...model.steps.values()];
  const running = all.filter((step) => step.status === "running");
  const spin = glyphs.spinner[tick % glyphs.spinner.length] ?? "";
  // One row stays free below, one is the status.
  const room = Math.max(1, options.rows - 2);
  const shown = running.slice(0, Math.max(1, Math.min(running.length, room - (running.length > room ? 1 : 0))));
  const spare = Math.max(0, room - shown.length - 1);
  const each = shown.length === 0 ? 0 : Math.min(shown.length === 1 ? 8 : 4, Math.floor(spare / shown.length));
  const rows = shown.flatMap((step) => runningRows(step, each, spin, options));
  if (shown.length < running.length) {
    rows.push(
      row([[`  and ${plural(running.length - shown.length, "more step")} running`, style.dim]], "", columns, glyphs),
    );
  }
  const ended = all.filter((step) => ["done", "cached", "failed"].includes(step.status)).length;
  const cached = all.filter((step) => step.status === "cached").length;
  const facts = [
    `${ended}/${plural(all.length, "step")}`,
    ...(cached > 0 ? [`${cached} cached`] : []),
    ...(running.length > 1 ? [`${running.length} running`] : []),
  ];
  const status: Segment[] = [
    [`${spin} `, style.cyan],
    [options.status, style.bold],
    ...(all.length > 0 ? [[`  ${facts.join(", ")}`, style.dim] as const] : []),
  ];
  return [...rows, row(status, "", columns, glyphs)];
}

/** The row that stays of a step that ended. */
export function finishedRow(step: Step, columns: number, style: Style, glyphs: Glyphs): string {
  const tag = (paint: Paint): readonly Segment[] => (step.tag === "" ? [] : [[`${step.tag} `, paint]]);
  const words = [step.note, step.why].filter((text) => text !== undefined).join("; ");
  const note: readonly Segment[] = words === "" ? [] : [[`  ${words}`, style.dim]];
  switch (step.status) {
    case "cached":
      return row(
        [
          [`${glyphs.done} `, style.green],
          ...tag(style.dim),
          [step.text, style.dim],
          ...(step.from === undefined ? [] : [[`  from ${step.from}`, style.dim] as const]),
        ],
        style.dim("CACHED"),
        columns,
        glyphs,
        6,
      ).text;
    case "failed":
      return finished([[`${glyphs.failed} `, style.red], ...tag(style.red), [step.text, style.bold]], style.red);
    case "cancelled":
      return row(
        [[`${glyphs.cancelled} `, style.yellow], ...tag(style.dim), [step.text, style.dim]],
        style.yellow("CANCELED"),
        columns,
        glyphs,
        8,
      ).text;
    default:
      return finished(
        [[`${glyphs.done} `, style.green], ...tag(stagePaint(step, style)), [step.text, plainText], ...note],
        style.dim,
      );
  }
  function finished(segments: readonly Segment[], paint: Paint): string {
    const time = formatDuration(step.duration);
    return row(segments, paint(time), columns, glyphs, time.length).text;
  }
}

function runningRows(step: Step, lines: number, spin: string, options: FrameOptions): Row[] {
  const { columns, style, glyphs, now } = options;
  const time = formatDuration(now - step.started);
  const head = row(
    [
      [`${spin} `, style.cyan],
      ...(step.tag === "" ? [] : [[`${step.tag} `, stagePaint(step, style)] as const]),
      [step.text, style.bold],
      ...(step.why === undefined ? [] : [[`  ${step.why}`, style.dim] as const]),
    ],
    style.cyan(time),
    columns,
    glyphs,
    time.length,
  );
  const bars = [...step.progress.values()].slice(-Math.min(2, lines)).map((part) => bar(part, options));
  const partial = [step.streams.stdout.partial, step.streams.stderr.partial].filter((line) => line.trim() !== "");
  const room = Math.max(0, lines - bars.length);
  const tail = room === 0 ? [] : [...step.lines.filter((line) => line.trim() !== ""), ...partial].slice(-room);
  return [
    head,
    ...(lines > 0 ? bars : []),
    ...tail.map((line) =>
      row(
        [
          [`  ${glyphs.pipe} `, style.dim],
          [line, style.dim],
        ],
        "",
        columns,
        glyphs,
      ),
    ),
  ];
}

/** `  downloading ━━━━━━────── 45.1MB / 120MB`; without the bar where there is no room or no total. */
function bar(part: StepProgress, { columns, style, glyphs }: FrameOptions): Row {
  const text = progressText(part);
  const length = Math.min(24, columns - width(text) - 6);
  if (part.total === undefined || part.total <= 0 || length < 6) {
    return row(
      [
        [`  ${glyphs.pipe} `, style.dim],
        [text, plainText],
      ],
      "",
      columns,
      glyphs,
    );
  }
  const share = Math.min(1, Math.max(0, part.current / part.total));
  const full = Math.round(share * length);
  const rest = text.slice(part.label.length);
  return row(
    [
      [`  ${glyphs.pipe} `, style.dim],
      [`${part.label} `, plainText],
      [glyphs.full.repeat(full), style.cyan],
      [glyphs.empty.repeat(length - full), style.dim],
      [rest, plainText],
    ],
    "",
    columns,
    glyphs,
  );
}

type Paint = (text: string) => string;
type Segment = readonly [text: string, paint: Paint];
const plainText: Paint = (text) => text;

/** Steps of one stage share a colour, so that stages that run at once can be told apart. */
function stagePaint(step: Step, style: Style): Paint {
  const paints = [style.blue, style.magenta, style.cyan, style.yellow, style.green];
  let sum = 0;
  for (const character of step.info.stage ?? "") sum = (sum * 31 + (character.codePointAt(0) ?? 0)) % 1009;
  return paints[sum % paints.length] ?? plainText;
}

/** Segments at the left, cut to what is left beside the text at the right. */
function row(segments: readonly Segment[], right: string, columns: number, glyphs: Glyphs, rightWidth = 0): Row {
  let room = columns - (rightWidth === 0 ? 0 : rightWidth + 2);
  let used = 0;
  const parts: string[] = [];
  for (const [text, paint] of segments) {
    if (room <= 0) break;
    const fit = truncate(text, room, glyphs.ellipsis);
    parts.push(paint(fit));
    used += width(fit);
    room -= width(fit);
    if (fit !== text) break;
  }
  if (rightWidth === 0) return { text: parts.join(""), columns: used };
  const gap = Math.max(1, columns - used - rightWidth);
  return { text: `${parts.join("")}${pad("", gap)}${right}`, columns: used + gap + rightWidth };
}
