import type { SourceSpan } from "../base/index.ts";
import type { Token, Word } from "./ast.ts";
import type { SourceText } from "./source-text.ts";
import { isBlank, isSpace, skipSpace, trimSpaceEnd } from "./whitespace.ts";

/**
 * An instruction's text with its continuations joined. Offsets in `text` (logical) map back to the source, so that every piece
 * of it has a span. Grows by `append` while lines are read, is only read afterwards.
 */
export class LogicalLine {
  readonly source: SourceText;
  readonly escape: string;
  text = "";
  /** Pairs of a logical offset and the source offset it comes from, in order. */
  readonly #logical: number[] = [];
  readonly #origin: number[] = [];
  readonly #parts: string[] = [];
  #length = 0;

  constructor(source: SourceText, escape: string) {
    this.source = source;
    this.escape = escape;
  }

  /** Adds the source text between two source offsets. */
  append(start: number, end: number): void {
    if (end <= start) return;
    this.#logical.push(this.#length);
    this.#origin.push(start);
    this.#parts.push(this.source.text.slice(start, end));
    this.#length += end - start;
  }

  /** Ends the growing: joins the parts. */
  close(): this {
    this.text = this.#parts.join("");
    this.#parts.length = 0;
    return this;
  }

  /** The place in the source of the text between two logical offsets. */
  span(start: number, end: number): SourceSpan {
    const from = this.#toSource(start);
    return this.source.span(from, end > start ? this.#toSource(end - 1) + 1 : from);
  }

  token(start: number, end: number, text = this.text.slice(start, end)): Token {
    return { text, span: this.span(start, end) };
  }

  word(start: number, end: number, text?: string): Word {
    return { ...this.token(start, end, text), expandable: true };
  }

  #toSource(offset: number): number {
    let low = 0;
    let high = this.#logical.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#logical[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return (this.#origin[low] ?? 0) + offset - (this.#logical[low] ?? 0);
  }
}

/** A stretch of a logical line. */
export class Region {
  readonly line: LogicalLine;
  readonly start: number;
  readonly end: number;

  constructor(line: LogicalLine, start: number, end: number) {
    this.line = line;
    this.start = start;
    this.end = end;
  }

  /** The stretch without the white space at its ends. */
  static trimmed(line: LogicalLine, start = 0, end = line.text.length): Region {
    const last = trimSpaceEnd(line.text, start, end);
    return new Region(line, skipSpace(line.text, start, last), last);
  }

  get text(): string {
    return this.line.text.slice(this.start, this.end);
  }

  get empty(): boolean {
    return this.start === this.end;
  }

  get span(): SourceSpan {
    return this.line.span(this.start, this.end);
  }

  token(): Token {
    return this.line.token(this.start, this.end);
  }

  word(): Word {
    return this.line.word(this.start, this.end);
  }

  /** The region from a logical offset on, white space skipped. */
  from(start: number): Region {
    return Region.trimmed(this.line, start, this.end);
  }

  /** The words between blanks. Quotes and escapes mean nothing here. */
  blankSeparated(limit = Number.POSITIVE_INFINITY): Region[] {
    const { text } = this.line;
    const regions: Region[] = [];
    let at = this.start;
    while (at < this.end) {
      let end = this.end;
      if (regions.length + 1 < limit) for (end = at; end < this.end && !isBlank(text[end]);) end++;
      regions.push(new Region(this.line, at, end));
      for (at = end; at < this.end && isBlank(text[at]);) at++;
    }
    return regions;
  }

  /**
   * The words between white space, where quotes and the escape character hold a word together. Both stay in the text.
   * Single quotes know no escapes. A quote that is not closed reaches to the end.
   */
  shellWords(): Region[] {
    const { text, escape } = this.line;
    const regions: Region[] = [];
    for (let at = this.start; at < this.end; at = skipSpace(text, at, this.end)) {
      const start = at;
      let quote = "";
      for (; at < this.end && (quote !== "" || !isSpace(text[at])); at++) {
        const char = text[at] ?? "";
        if (char === escape && quote !== "'") at++;
        else if (quote !== "") quote = char === quote ? "" : quote;
        else if (char === "'" || char === '"') quote = char;
      }
      at = Math.min(at, this.end);
      regions.push(new Region(this.line, start, at));
    }
    return regions;
  }
}
