import { type SourceLocation, SlipwayError } from "../base/index.ts";
import { ShellPattern } from "./shell-pattern.ts";
import { isSpace } from "./whitespace.ts";

/** A variable's value; undefined where it is not set. */
export type Lookup = (name: string) => string | undefined;

export interface ExpandOptions {
  /** The file's escape character; a backslash unless given. */
  readonly escape?: "\\" | "`" | undefined;
  /** Where the word stands, for errors. */
  readonly location?: SourceLocation | undefined;
  /** Quotes are ordinary characters, as in the body of a heredoc. */
  readonly keepQuotes?: boolean | undefined;
  /**
   * Called for each use of a variable that is not set. `guarded` uses say themselves what then happens (`${name:-word}`, `${name:+word}`,
   * `${name:?message}`), so there is no reason to warn.
   */
  readonly onUnset?: ((name: string, guarded: boolean) => void) | undefined;
  /** Called for each use of a variable that is set. */
  readonly onUse?: ((name: string) => void) | undefined;
}

/**
 * Replaces the variables in a word and removes quotes and escapes (section "Environment replacement").
 * @throws SLIP_DOCKERFILE for open quotes and braces, unknown modifiers, and `${name:?message}` of what is not set.
 *
 * @example
 * expandWord("${NAME:-nobody}'s \"$HOME\"", (name) => ({ HOME: "/root" })[name]); // throws: the single quote is open
 * expandWord("${NAME:-nobody}: \"$HOME\"", (name) => ({ HOME: "/root" })[name]); // 'nobody: /root'
 */
export function expandWord(text: string, lookup: Lookup, options: ExpandOptions = {}): string {
  const expander = new Expander(text, lookup, options);
  expander.run();
  return expander.text;
}

/** Like expandWord, cut at the white space that is neither quoted nor escaped, that of variables' values included. */
export function expandWords(text: string, lookup: Lookup, options: ExpandOptions = {}): readonly string[] {
  const expander = new Expander(text, lookup, options);
  expander.run();
  return expander.words;
}

/** Modifiers nest (`${a:-${b:-c}}`); deeper than this no one writes. */
const deepest = 100;

/** Variables that a shell sets and a build never does: `$@`, `$1`; they are always empty. */
const special = "@*#?-$!0";
const nameStart = /[\p{L}_]/u;
const namePart = /[\p{L}\p{Nd}_]*/uy;
const digits = /\p{Nd}+/uy;

class Expander {
  readonly #input: string;
  readonly #lookup: Lookup;
  readonly #options: ExpandOptions;
  readonly #escape: string;
  readonly #words: string[] = [];
  #at = 0;
  #depth = 0;
  #text: string[] = [];
  #word: string[] = [];

  constructor(input: string, lookup: Lookup, options: ExpandOptions) {
    this.#input = input;
    this.#lookup = lookup;
    this.#options = options;
    this.#escape = options.escape ?? "\\";
  }

  get text(): string {
    return this.#text.join("");
  }

  get words(): readonly string[] {
    return this.#words;
  }

  run(): void {
    while (this.#at < this.#input.length) this.#step(false);
    this.#endWord();
  }

  /** Reads up to `stop`, which is consumed, and gives what was read, expanded. */
  #until(stop: "}" | "/", rawEscapes: boolean): string {
    const [text, word, words] = [this.#text, this.#word, this.#words.length];
    this.#text = [];
    this.#word = [];
    for (;;) {
      const char = this.#input[this.#at];
      if (char === undefined || (stop === "/" && char === "}"))
        throw this.#fault(`a substitution has no closing ${stop}`);
      if (char === stop) break;
      this.#step(rawEscapes);
    }
    this.#at++;
    const read = this.#text.join("");
    this.#words.length = words;
    [this.#text, this.#word] = [text, word];
    return read;
  }

  /** Reads one thing: a character, an escape, a quoted part or a variable. */
  #step(rawEscapes: boolean): void {
    const char = this.#input[this.#at] ?? "";
    if (char === "$") {
      const value = this.#variable();
      if (value !== undefined) this.#addValue(value);
      else this.#addRaw(char);
      return;
    }
    if (!this.#options.keepQuotes && char === "'") return this.#singleQuoted();
    if (!this.#options.keepQuotes && char === '"') return this.#doubleQuoted();
    this.#at++;
    if (char === this.#escape) {
      if (rawEscapes) this.#addRaw(char);
      const next = this.#input[this.#at];
      if (next === undefined) return;
      this.#at++;
      this.#addRaw(next);
    } else if (isSpace(char)) {
      this.#text.push(char);
      this.#endWord();
    } else this.#addRaw(char);
  }

  #singleQuoted(): void {
    const close = this.#input.indexOf("'", this.#at + 1);
    if (close === -1) throw this.#fault("a single quote is not closed");
    this.#addRaw(this.#input.slice(this.#at + 1, close));
    this.#at = close + 1;
  }

  #doubleQuoted(): void {
    this.#at++;
    for (;;) {
      const char = this.#input[this.#at];
      if (char === undefined) throw this.#fault("a double quote is not closed");
      if (char === '"') break;
      if (char === "$") {
        const value = this.#variable();
        this.#addRaw(value ?? char);
        continue;
      }
      this.#at++;
      if (char === this.#escape) {
        const next = this.#input[this.#at];
        if (next === undefined) throw this.#fault("a double quote is not closed");
        this.#at++;
        this.#addRaw(next === '"' || next === "$" || next === this.#escape ? next : char + next);
      } else this.#addRaw(char);
    }
    this.#at++;
  }

  /** The value of the variable at `$`, which is consumed; undefined where the `$` is an ordinary character. */
  #variable(): string | undefined {
    this.#at++;
    if (this.#input[this.#at] === "{") {
      if (++this.#depth > deepest) throw this.#fault(`substitutions are nested more than ${deepest} deep`);
      this.#at++;
      const value = this.#braced();
      this.#depth--;
      return value;
    }
    const name = this.#name();
    return name === "" ? undefined : (this.#get(name, false) ?? "");
  }

  #braced(): string {
    const name = this.#name();
    const modifier = this.#input[this.#at++];
    if (name === "") {
      throw this.#fault(
        modifier === undefined ? "a substitution has no closing }" : "a substitution has no variable name",
      );
    }
    switch (modifier) {
      case undefined:
        throw this.#fault("a substitution has no closing }");
      case "}":
        return this.#get(name, false) ?? "";
      case ":": {
        const second = this.#input[this.#at++];
        if (second === undefined) throw this.#fault("a substitution has no closing }");
        if (second === "+" || second === "-" || second === "?") return this.#guarded(name, second, true);
        throw this.#fault(`the modifier :${second} is not known`);
      }
      case "+":
      case "-":
      case "?":
        return this.#guarded(name, modifier, false);
      case "#":
      case "%": {
        const longest = this.#input[this.#at] === modifier;
        if (longest) this.#at++;
        const pattern = this.#pattern("}");
        const value = this.#get(name, false);
        if (value === undefined) return "";
        return modifier === "#" ? pattern.removePrefix(value, longest) : pattern.removeSuffix(value, longest);
      }
      case "/": {
        const all = this.#input[this.#at] === "/";
        if (all) this.#at++;
        const pattern = this.#pattern("/");
        const replacement = this.#until("}", true);
        const value = this.#get(name, false);
        return value === undefined ? "" : pattern.replace(value, replacement, all);
      }
      default:
        throw this.#fault(`the modifier ${modifier} is not known`);
    }
  }

  #pattern(stop: "}" | "/"): ShellPattern {
    const text = this.#until(stop, true);
    const pattern = ShellPattern.parse(text);
    if (pattern === undefined) throw this.#fault(`${JSON.stringify(text)} is no pattern`);
    return pattern;
  }

  /** `-`, `+` and `?`; with a colon an empty value counts as not set. */
  #guarded(name: string, modifier: "-" | "+" | "?", colon: boolean): string {
    const word = this.#until("}", false);
    const value = this.#get(name, true);
    const present = value !== undefined && !(colon && value === "");
    if (modifier === "+") return present ? word : "";
    if (present) return value;
    if (modifier === "-") return word;
    throw this.#fault(
      `${name}: ${word || `not allowed to be ${colon ? "unset or empty" : "unset"}`}`,
      `give ${name} a value: with --build-arg where an ARG declares it, or with ENV`,
    );
  }

  /** The name at the cursor, consumed; empty where there is none. */
  #name(): string {
    const code = this.#input.codePointAt(this.#at);
    if (code === undefined) return "";
    const char = String.fromCodePoint(code);
    for (const pattern of [digits, ...(nameStart.test(char) ? [namePart] : [])]) {
      pattern.lastIndex = this.#at;
      const match = pattern.exec(this.#input);
      if (match === null) continue;
      this.#at += match[0].length;
      return match[0];
    }
    if (!special.includes(char)) return "";
    this.#at++;
    return char;
  }

  #get(name: string, guarded: boolean): string | undefined {
    const value = this.#lookup(name);
    if (value !== undefined) this.#options.onUse?.(name);
    else if (nameStart.test(name)) this.#options.onUnset?.(name, guarded);
    return value;
  }

  #addRaw(text: string): void {
    this.#text.push(text);
    this.#word.push(text);
  }

  /** Adds a value outside quotes: its white space cuts words. */
  #addValue(value: string): void {
    this.#text.push(value);
    let start = 0;
    for (let at = 0; at < value.length; at++) {
      if (!isSpace(value[at])) continue;
      if (at > start) this.#word.push(value.slice(start, at));
      this.#endWord();
      start = at + 1;
    }
    this.#word.push(value.slice(start));
  }

  #endWord(): void {
    const word = this.#word.join("");
    if (word !== "") this.#words.push(word);
    this.#word = [];
  }

  #fault(reason: string, remedy?: string): SlipwayError {
    const shown = this.#input.length > 100 ? `${this.#input.slice(0, 100)}...` : this.#input;
    return new SlipwayError({
      code: "SLIP_DOCKERFILE",
      message: `Cannot expand ${JSON.stringify(shown)}: ${reason}`,
      hint: remedy ?? `put ${this.#escape} before a quote, $ or ${this.#escape} that is meant as it stands`,
      location: this.#options.location,
    });
  }
}
