import { nearestNames, type SourceSpan } from "../base/index.ts";
import type { Flag, Word } from "./ast.ts";
import type { Region } from "./logical-line.ts";
import type { SourceText } from "./source-text.ts";
import { isSpace, skipSpace } from "./whitespace.ts";

/**
 * Splits the flags off an instruction's arguments: words that start with `--`, up to the first that does not, or to a lone `--`.
 * Quotes and escapes are removed from their values.
 */
export function splitFlags(region: Region): { readonly flags: readonly Flag[]; readonly rest: Region } {
  const { line, end } = region;
  const { text, escape } = line;
  const flags: Flag[] = [];
  let at = region.start;
  while (text.startsWith("--", at) && at + 1 < end) {
    const start = at;
    const value: string[] = [];
    let equals = -1;
    let quote = "";
    for (; at < end && (quote !== "" || !isSpace(text[at])); at++) {
      const char = text[at] ?? "";
      if (char === escape) {
        if (at + 1 < end) value.push(text[++at] ?? "");
      } else if (quote !== "" ? char === quote : char === "'" || char === '"') quote = quote === "" ? char : "";
      else {
        if (char === "=" && equals === -1) equals = at;
        value.push(char);
      }
    }
    const word = value.join("");
    if (word === "--") return { flags, rest: region.from(at) };
    const cut = word.indexOf("=");
    flags.push({
      name: word.slice(2, cut === -1 ? undefined : cut),
      value: cut === -1 ? undefined : word.slice(cut + 1),
      span: line.span(start, at),
      valueSpan: line.span(equals === -1 ? at : equals + 1, at),
    });
    at = skipSpace(text, at, end);
  }
  return { flags, rest: region.from(at) };
}

/** What a flag takes: `text` one value, `texts` one value and may be repeated, `bool` nothing, true or false. */
export type FlagKind = "text" | "texts" | "bool";

/** The flags of one instruction, checked against those that it knows. */
export class FlagReader {
  readonly #source: SourceText;
  readonly #flags: readonly Flag[];

  /** @throws SLIP_DOCKERFILE for flags that are unknown, repeated or without their value. */
  constructor(source: SourceText, keyword: string, flags: readonly Flag[], known: Readonly<Record<string, FlagKind>>) {
    this.#source = source;
    this.#flags = flags;
    const seen = new Set<string>();
    for (const { name, value, span } of flags) {
      const kind = Object.hasOwn(known, name) ? known[name] : undefined;
      if (kind === undefined) throw unknownFlag(source, keyword, name, span, Object.keys(known));
      if (seen.has(name) && kind !== "texts") throw source.fault(span, `${keyword} --${name} is given twice`);
      seen.add(name);
      if (kind !== "bool" && value === undefined) {
        throw source.fault(span, `${keyword} --${name} needs a value`, `write --${name}=VALUE`);
      }
      if (kind === "bool" && value !== undefined && !/^(true|false)$/i.test(value)) {
        throw source.fault(span, `${keyword} --${name} takes true or false, not ${JSON.stringify(value)}`);
      }
    }
  }

  get(name: string): Flag | undefined {
    return this.#flags.find((flag) => flag.name === name);
  }

  all(name: string): readonly Flag[] {
    return this.#flags.filter((flag) => flag.name === name);
  }

  /** The value as a word. An empty value counts as none, as for docker build. */
  word(name: string): Word | undefined {
    const flag = this.get(name);
    return flag === undefined || flag.value === "" ? undefined : flagWord(flag);
  }

  bool(name: string): boolean | undefined {
    const flag = this.get(name);
    return flag === undefined ? undefined : flag.value?.toLowerCase() !== "false";
  }

  /** The value, if it is one of those that are allowed. */
  choice<T extends string>(name: string, allowed: readonly T[], fallback: T): T {
    const flag = this.get(name);
    if (flag === undefined) return fallback;
    const found = allowed.find((value) => value === flag.value);
    if (found !== undefined) return found;
    throw this.#source.fault(
      flag.valueSpan,
      `--${name} cannot be ${JSON.stringify(flag.value)}`,
      `use one of: ${allowed.join(", ")}`,
    );
  }
}

export function flagWord(flag: Flag): Word {
  return { text: flag.value ?? "", span: flag.valueSpan, expandable: true };
}

function unknownFlag(source: SourceText, keyword: string, name: string, span: SourceSpan, known: readonly string[]) {
  const [near] = nearestNames(name, known, 1);
  const list = known.map((flag) => `--${flag}`).join(", ");
  const hint =
    known.length === 0
      ? `${keyword} has no flags; a lone -- before the arguments ends them`
      : `${near === undefined ? "" : `did you mean --${near}? `}${keyword} knows ${list}`;
  return source.fault(span, `Unknown flag --${name} of ${keyword}`, hint);
}
