import type { SourceSpan } from "../base/index.ts";
import type { Token } from "./ast.ts";
import { heredocOf, type HeredocMark, type PlacedHeredoc } from "./heredoc.ts";
import { LogicalLine } from "./logical-line.ts";
import type { SourceText } from "./source-text.ts";
import { isBlank } from "./whitespace.ts";

/** An instruction's logical line, with what stood before and between its lines. */
export interface ReadLine {
  readonly line: LogicalLine;
  readonly comments: readonly Token[];
  /** The empty lines between continued lines. */
  readonly emptyContinuations: readonly SourceSpan[];
  /** Offset behind the last character of its last line. */
  readonly end: number;
}

/** Reads a source line by line and joins what is continued (sections "Format", "escape", "Here-Documents"). */
export class LineReader {
  readonly #source: SourceText;
  readonly #escape: string;
  #at: number;

  constructor(source: SourceText, escape: string, start: number) {
    this.#source = source;
    this.#escape = escape;
    this.#at = start;
  }

  /** The next instruction's line; without one, the comments up to the end of the file. */
  next(): ReadLine | { readonly line: undefined; readonly comments: readonly Token[] } {
    const { text } = this.#source;
    const comments: Token[] = [];
    const emptyContinuations: SourceSpan[] = [];
    let line: LogicalLine | undefined;
    let end = this.#at;
    while (this.#at < text.length) {
      const start = this.#at;
      const stop = this.#endOfLine(start);
      this.#at = this.#afterLine(start);
      let first = start;
      while (first < stop && isBlank(text[first])) first++;
      if (first === stop) {
        if (line !== undefined) emptyContinuations.push(this.#source.span(start, stop));
        continue;
      }
      if (text[first] === "#") {
        comments.push(this.#comment(first, stop));
        continue;
      }
      const isFirst = line === undefined;
      line ??= new LogicalLine(this.#source, this.#escape);
      const continued = this.#continuation(start, stop);
      line.append(isFirst ? first : start, continued ?? stop);
      end = continued ?? stop;
      if (continued === undefined) break;
    }
    return line === undefined
      ? { line, comments }
      : { line: line.close(), comments, emptyContinuations, end: this.#trimmed(end) };
  }

  /** The bodies of the heredocs of the line just read, in their order. */
  heredocs(
    marks: readonly HeredocMark[],
    line: LogicalLine,
  ): { readonly heredocs: readonly PlacedHeredoc[]; end: number } {
    const { text } = this.#source;
    const heredocs: PlacedHeredoc[] = [];
    let end = this.#at;
    for (const mark of marks) {
      const span = line.span(mark.start, mark.end);
      const start = this.#at;
      let close = -1;
      while (this.#at < text.length && close === -1) {
        const at = this.#at;
        let first = at;
        end = this.#endOfLine(at);
        if (mark.stripTabs) while (text[first] === "\t") first++;
        if (end - first === mark.name.length && text.startsWith(mark.name, first)) close = at;
        this.#at = this.#afterLine(at);
      }
      if (close === -1) {
        const hint = `end it with a line that is ${mark.name} and nothing else`;
        throw this.#source.fault(span, `The heredoc <<${mark.name} is not ended`, hint);
      }
      const heredoc = heredocOf(mark, text.slice(start, close), span, this.#source.span(start, close));
      heredocs.push({ ...mark, heredoc });
    }
    return { heredocs, end };
  }

  /** Offset of the line's end, its line feed and carriage returns left out. */
  #endOfLine(start: number): number {
    const { text } = this.#source;
    const feed = text.indexOf("\n", start);
    let end = feed === -1 ? text.length : feed;
    while (end > start && text[end - 1] === "\r") end--;
    return end;
  }

  #afterLine(start: number): number {
    const feed = this.#source.text.indexOf("\n", start);
    return feed === -1 ? this.#source.text.length : feed + 1;
  }

  #comment(hash: number, stop: number): Token {
    const { text } = this.#source;
    let first = hash + 1;
    while (first < stop && isBlank(text[first])) first++;
    let last = stop;
    while (last > first && isBlank(text[last - 1])) last--;
    return { text: text.slice(first, last), span: this.#source.span(hash, stop) };
  }

  /** Where the escape character stands that continues the line: the last character but blanks, and not doubled. */
  #continuation(start: number, stop: number): number | undefined {
    const { text } = this.#source;
    let last = stop - 1;
    while (last >= start && (text[last] === " " || text[last] === "\t")) last--;
    const continues =
      last >= start && text[last] === this.#escape && (last === start || text[last - 1] !== this.#escape);
    return continues ? last : undefined;
  }

  #trimmed(end: number): number {
    let at = end;
    while (at > 0 && isBlank(this.#source.text[at - 1])) at--;
    return at;
  }
}
