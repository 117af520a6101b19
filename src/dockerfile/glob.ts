/**
 * Go's path/filepath.Match, with `**` where asked for: `*` and `?` never match a slash, a class `[...]` may hold ranges and escapes
 * and is negated by `^`, `\` takes the next character as it stands, and the whole name must match.
 */
export class Glob {
  readonly pattern: string;
  /** The name that alone matches, for a pattern without wildcards. */
  readonly literal: string | undefined;
  readonly #tokens: readonly GlobToken[];

  private constructor(pattern: string, tokens: readonly GlobToken[]) {
    this.pattern = pattern;
    this.#tokens = tokens;
    this.literal = tokens.every((token) => typeof token === "string") ? tokens.join("") : undefined;
  }

  /** Undefined for a pattern that is malformed: an open class or range, or a backslash at the end. */
  static compile(pattern: string, options: { readonly doubleStar?: boolean } = {}): Glob | undefined {
    const tokens = tokenize(pattern, options.doubleStar ?? false);
    return tokens && new Glob(pattern, tokens);
  }

  /** The tokens, for the rules that are made of a glob. */
  get tokens(): readonly GlobToken[] {
    return this.#tokens;
  }

  /** Whether a class has a range that runs backwards (`[z-a]`): it matches nothing. */
  get hasBackwardRange(): boolean {
    return this.#tokens.some((token) => typeof token === "object" && token.ranges.some(([low, high]) => low > high));
  }

  matches(name: string): boolean {
    if (this.literal !== undefined) return name === this.literal;
    return matchTokens(this.#tokens, name, false);
  }

  /**
   * Whether something below a folder could match, so that a walk need not enter the others. Never wrong when it says no.
   */
  mayMatchBelow(folder: string): boolean {
    return folder === "" || matchTokens(this.#tokens, `${folder}/`, true);
  }
}

/** One class `[...]`: ranges of code points. */
export interface GlobClass {
  readonly negated: boolean;
  readonly ranges: readonly (readonly [number, number])[];
}

/** Text to match as it stands; `?`; `*`; `**` (anything); `**` and a slash (nothing, or anything that ends in a slash); a class. */
export type GlobToken = string | GlobClass | typeof any | typeof star | typeof globstar | typeof globstarSlash;

export const any = Symbol("?");
export const star = Symbol("*");
export const globstar = Symbol("**");
export const globstarSlash = Symbol("**/");

function tokenize(pattern: string, doubleStar: boolean): readonly GlobToken[] | undefined {
  const tokens: GlobToken[] = [];
  let text = "";
  const push = (token: GlobToken): void => {
    if (text !== "") tokens.push(text);
    text = "";
    // Runs of the same wildcard mean what one of them means.
    if (token !== star && token !== globstar && token !== globstarSlash) tokens.push(token);
    else if (tokens.at(-1) !== token) tokens.push(token);
  };
  for (let at = 0; at < pattern.length;) {
    const char = pattern[at] ?? "";
    if (char === "*") {
      let end = at;
      while (pattern[end] === "*") end++;
      if (!doubleStar || end - at === 1) push(star);
      else if (pattern[end] !== "/") push(globstar);
      else {
        push(globstarSlash);
        end++;
      }
      at = end;
    } else if (char === "?") {
      push(any);
      at++;
    } else if (char === "[") {
      const read = readClass(pattern, at + 1);
      if (read === undefined) return undefined;
      push(read.token);
      at = read.end;
    } else if (char === "\\") {
      if (at + 1 === pattern.length) return undefined;
      text += pattern[at + 1];
      at += 2;
    } else {
      text += char;
      at++;
    }
  }
  if (text !== "") tokens.push(text);
  return tokens;
}

function readClass(pattern: string, start: number): { readonly token: GlobClass; readonly end: number } | undefined {
  const negated = pattern[start] === "^";
  const ranges: [number, number][] = [];
  let at = negated ? start + 1 : start;
  const readChar = (): number | undefined => {
    if (pattern[at] === "-" || pattern[at] === "]") return undefined;
    if (pattern[at] === "\\") at++;
    const code = pattern.codePointAt(at);
    if (code !== undefined) at += code > 0xffff ? 2 : 1;
    return code;
  };
  while (pattern[at] !== "]" || ranges.length === 0) {
    const low = readChar();
    if (low === undefined) return undefined;
    let high: number | undefined = low;
    if (pattern[at] === "-") {
      at++;
      high = readChar();
    }
    if (high === undefined || at >= pattern.length) return undefined;
    ranges.push([low, high]);
  }
  return { token: { negated, ranges }, end: at + 1 };
}

/**
 * Matches a whole name; with `prefix`, whether the name, which ends in a slash, could be the beginning of a match.
 * On a mismatch the last `*` takes one character more, and when that cannot help, the last `**`: earlier ones never need to.
 */
export function matchTokens(tokens: readonly GlobToken[], name: string, prefix: boolean): boolean {
  let at = 0;
  let index = 0;
  let [starAt, starIndex] = [-1, 0];
  let [deepAt, deepIndex] = [-1, 0];
  for (;;) {
    const token = tokens[index];
    let advanced = false;
    if (prefix && at === name.length && index < tokens.length) return true;
    if (token === undefined) {
      if (at === name.length) return !prefix;
    } else if (typeof token === "string") {
      if (name.startsWith(token, at)) {
        at += token.length;
        advanced = true;
      } else if (prefix && token.startsWith(name.slice(at))) return true;
    } else if (token === star) {
      [starAt, starIndex] = [at, index];
      advanced = true;
    } else if (token === globstar || token === globstarSlash) {
      if (prefix) return true;
      [deepAt, deepIndex, starAt] = [at, index, -1];
      advanced = true;
    } else if (at < name.length) {
      const code = name.codePointAt(at) ?? 0;
      if (token === any ? code !== 0x2f : inClass(token, code)) {
        at += code > 0xffff ? 2 : 1;
        advanced = true;
      }
    }
    if (advanced) {
      index++;
      continue;
    }
    if (starAt !== -1 && starAt < name.length && name[starAt] !== "/") {
      at = ++starAt;
      index = starIndex + 1;
    } else if (deepAt !== -1 && deepAt < name.length) {
      starAt = -1;
      deepAt = tokens[deepIndex] === globstar ? deepAt + 1 : name.indexOf("/", deepAt) + 1;
      if (deepAt === 0) return false;
      at = deepAt;
      index = deepIndex + 1;
    } else return false;
  }
}

function inClass({ negated, ranges }: GlobClass, code: number): boolean {
  return ranges.some(([low, high]) => low <= code && code <= high) !== negated;
}

/**
 * Go's filepath.Match.
 * @returns undefined for a malformed pattern.
 */
export function goMatch(pattern: string, name: string): boolean | undefined {
  return Glob.compile(pattern)?.matches(name);
}
