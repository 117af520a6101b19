import { lastOverwrite, printable } from "../text.ts";

/** Cuts chunks of one stream into lines that are safe to show. */
export class LineBuffer {
  #partial = "";

  /** @returns the lines that this chunk completed. */
  push(chunk: string): readonly string[] {
    const lines = (this.#partial + chunk).split("\n");
    this.#partial = lines.pop() ?? "";
    // A progress bar that only ever writes over itself must not grow without end.
    if (this.#partial.length > 65_536) this.#partial = lastOverwrite(this.#partial).slice(-65_536);
    return lines.map(lastOverwrite).map(printable);
  }

  /** The line that has no end yet. */
  get partial(): string {
    return printable(lastOverwrite(this.#partial));
  }

  /** The line without an end, when the stream ends; empty without one. */
  flush(): string {
    const rest = this.partial;
    this.#partial = "";
    return rest;
  }
}

/** The end of a long text: what lies before the limit is counted, not kept. */
export class TextTail {
  readonly #limit: number;
  #chunks: string[] = [];
  #length = 0;
  #dropped = 0;

  /** @param limit characters that are always kept. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  push(text: string): void {
    this.#chunks.push(text);
    this.#length += text.length;
    if (this.#length <= 2 * this.#limit) return;
    const whole = this.#chunks.join("");
    this.#chunks = [whole.slice(-this.#limit)];
    this.#dropped += whole.length - this.#limit;
    this.#length = this.#limit;
  }

  text(): string {
    const kept = this.#chunks.join("");
    return this.#dropped === 0 ? kept : `(${this.#dropped} characters before this were dropped)\n${kept}`;
  }
}
