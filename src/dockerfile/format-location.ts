import type { SourceLocation } from "../base/index.ts";

/** Lines shown before and behind the place. */
const around = 2;
/** Of a longer place, the first lines and the last. */
const longest = 12;
const widest = 160;

/**
 * The lines of a place with their numbers, the place marked with `>>>`, and with `^` where it is a part of one line.
 * Control characters are shown as `?`, so that a file cannot steer the terminal. Ends with a line feed.
 *
 * @example
 * Dockerfile:2
 * --------------------
 *    1 |     FROM scratch
 *    2 | >>> COPPY app /app
 *      |     ^^^^^
 * --------------------
 */
export function formatLocation(location: SourceLocation): string {
  const { file, text, span } = location;
  const first = Math.max(1, span.startLine - around);
  const last = span.endLine + around;
  const lines = linesOf(text, first, last);
  const width = Math.max(4, String(first + lines.length - 1).length);
  const rule = "-".repeat(20);
  const out = [`${clean(file)}:${span.startLine}`, rule];
  let skipped = 0;
  for (const { number, start, content } of lines) {
    const inside = number >= span.startLine && number <= span.endLine;
    const depth = Math.min(number - span.startLine, span.endLine - number);
    if (inside && span.endLine - span.startLine >= longest && depth >= longest / 2) {
      if (skipped++ === 0) out.push(`${" ".repeat(width)} | >>> ...`);
      continue;
    }
    out.push(`${String(number).padStart(width)} | ${inside ? ">>>" : "   "} ${clean(content)}`.trimEnd());
    const mark =
      inside && span.startLine === span.endLine ? underline(content, span.start - start, span.end - start) : "";
    if (mark !== "") out.push(`${" ".repeat(width)} |     ${mark}`);
  }
  return `${[...out, rule].join("\n")}\n`;
}

interface Line {
  readonly number: number;
  readonly start: number;
  readonly content: string;
}

function linesOf(text: string, first: number, last: number): readonly Line[] {
  const lines: Line[] = [];
  let start = 0;
  for (let number = 1; number <= last; number++) {
    const feed = text.indexOf("\n", start);
    const content = text.slice(start, feed === -1 ? text.length : feed).replace(/\r+$/, "");
    // The line feed at the end of a file begins no line.
    if (number >= first && (feed !== -1 || content !== "")) lines.push({ number, start, content });
    if (feed === -1) break;
    start = feed + 1;
  }
  return lines;
}

/** The marks below a line; none where the place is the whole line or lies outside of what is shown. */
function underline(content: string, start: number, end: number): string {
  const stop = Math.min(end, content.length, widest);
  if (start < 0 || stop <= start) return "";
  if (content.slice(0, start).trim() === "" && content.slice(stop).trim() === "") return "";
  return content.slice(0, start).replace(/[^\t]/g, " ") + "^".repeat(stop - start);
}

function clean(text: string): string {
  const shown = text.length > widest ? `${text.slice(0, widest)}...` : text;
  return shown.replace(/[\u0000-\u0008\u000A-\u001F\u007F-\u009F\u200E\u200F\u202A-\u202E\u2066-\u2069]/g, "?");
}
