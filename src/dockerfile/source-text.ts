import { type SourceLocation, type SourceSpan, SlipwayError } from "../base/index.ts";

/** A source file whose offsets can be told as lines. */
export class SourceText {
  readonly file: string;
  readonly text: string;
  readonly #lineStarts: number[] = [0];

  constructor(file: string, text: string) {
    this.file = file;
    this.text = text;
    for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) this.#lineStarts.push(at + 1);
  }

  /** Number of the line, from 1, that an offset lies in. */
  lineAt(offset: number): number {
    let low = 0;
    let high = this.#lineStarts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#lineStarts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return low + 1;
  }

  span(start: number, end: number): SourceSpan {
    return { start, end, startLine: this.lineAt(start), endLine: this.lineAt(Math.max(start, end - 1)) };
  }

  location(span: SourceSpan): SourceLocation {
    return { file: this.file, text: this.text, span };
  }

  /** The error for a text that does not follow the reference, to be thrown. */
  fault(span: SourceSpan, message: string, hint?: string): SlipwayError {
    return new SlipwayError({ code: "SLIP_DOCKERFILE", message, hint, location: this.location(span) });
  }
}
