/** A half-open range of a source text: offsets in UTF-16 units, lines from 1, columns from 0. */
export interface SourceSpan {
  readonly start: number;
  readonly end: number;
  readonly startLine: number;
  readonly endLine: number;
}

/** A place in a file the user wrote; enough to print the lines with the place marked. */
export interface SourceLocation {
  readonly file: string;
  readonly text: string;
  readonly span: SourceSpan;
}
