import type { Out } from "../io.ts";
import { width } from "../text.ts";

/** A terminal as far as the live view uses one: carriage return, line feed, cursor up, erase, wrapping, scrolling back. Colours are dropped. */
export class Screen implements Out {
  readonly isTTY = true;
  columns: number;
  rows: number;
  cursorShown = true;
  readonly #lines: string[][] = [[]];
  #row = 0;
  #column = 0;
  #resized: (() => void) | undefined;

  constructor(columns: number, rows: number) {
    this.columns = columns;
    this.rows = rows;
  }

  on(_: "resize", listener: () => void): void {
    this.#resized = listener;
  }

  /** Folds every line anew, as terminals do, and tells the listener. */
  resize(columns: number): void {
    const old = this.#lines.splice(0);
    for (const line of old) {
      for (let at = 0; at === 0 || at < line.length; at += columns) this.#lines.push(line.slice(at, at + columns));
    }
    this.#row = this.#lines.length - 1;
    this.columns = columns;
    this.#resized?.();
  }

  write(text: string): void {
    for (const [token] of text.matchAll(/\u001b\[([?\d;]*)([A-Za-z])|[^]/gu)) {
      const control = /^\u001b\[([?\d;]*)([A-Za-z])$/.exec(token);
      if (control) this.#control(control[1] ?? "", control[2] ?? "");
      else if (token === "\r") this.#column = 0;
      else if (token === "\n") this.#newLine();
      else this.#put(token);
    }
  }

  /** All that was ever shown and not erased, without spaces at line ends. */
  get text(): string {
    return this.#lines.map((line) => line.join("").trimEnd()).join("\n");
  }

  #control(value: string, letter: string): void {
    if (letter === "A") this.#row = Math.max(0, this.#row - Number(value || 1));
    else if (letter === "K") this.#line().splice(this.#column);
    else if (letter === "J") {
      this.#line().splice(this.#column);
      this.#lines.splice(this.#row + 1);
    } else if (letter === "h" || letter === "l") this.cursorShown = letter === "h";
    else if (letter !== "m") throw new Error(`the screen does not know ESC [ ${value} ${letter}`);
  }

  #newLine(): void {
    this.#row++;
    this.#column = 0;
    if (this.#row === this.#lines.length) this.#lines.push([]);
  }

  #put(character: string): void {
    if (this.#column + width(character) > this.columns) this.#newLine();
    const line = this.#line();
    while (line.length < this.#column) line.push(" ");
    line[this.#column] = character;
    for (let at = 1; at < width(character); at++) line[this.#column + at] = "";
    this.#column += width(character);
  }

  #line(): string[] {
    return (this.#lines[this.#row] ??= []);
  }
}
