import { any, type GlobClass, globstar, globstarSlash, type GlobToken, star, tokenize } from "./glob-tokens.ts";

/**
 * Go's path/filepath.Match, with `**` where asked for: `*` and `?` never match a slash, a class `[...]` may hold ranges and escapes
 * and is negated by `^`, `\` takes the next character as it stands, and the whole name must match.
 */
export class Glob {
  readonly pattern: string;
  /** The name that alone matches, for a pattern without wildcards. */
  readonly literal: string | undefined;
  readonly #tokens: readonly GlobToken[];
  readonly #thorough: boolean;

  private constructor(pattern: string, tokens: readonly GlobToken[]) {
    this.pattern = pattern;
    this.#tokens = tokens;
    this.#thorough = tokens.some((token, at) => token === globstarSlash && !endsSegment(tokens[at - 1]));
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
    return this.#thorough ? matchThoroughly(this.#tokens, name) : matchTokens(this.#tokens, name, false);
  }

  /**
   * Whether something below a folder could match, so that a walk need not enter the others. Never wrong when it says no.
   */
  mayMatchBelow(folder: string): boolean {
    return folder === "" || matchTokens(this.#tokens, `${folder}/`, true);
  }
}

/**
 * Matches a whole name; with `prefix`, whether the name, which ends in a slash, could be the beginning of a match.
 * On a mismatch the last `*` takes one character more, and when that cannot help, the last `**`: earlier ones never need to,
 * as long as each `**` and slash stands at the beginning of a segment.
 */
function matchTokens(tokens: readonly GlobToken[], name: string, prefix: boolean): boolean {
  let at = 0;
  let index = 0;
  let starAt = -1;
  let starIndex = 0;
  let deepAt = -1;
  let deepIndex = 0;
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
      starAt = at;
      starIndex = index;
      advanced = true;
    } else if (token === globstar || token === globstarSlash) {
      if (prefix) return true;
      deepAt = at;
      deepIndex = index;
      starAt = -1;
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

/** Matches a whole name whatever the tokens: remembers what was tried, so that nothing is tried twice. */
function matchThoroughly(tokens: readonly GlobToken[], name: string): boolean {
  const tried = new Set<number>();
  const open: (readonly [index: number, at: number])[] = [[0, 0]];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const [index, at] = next;
    const key = index * (name.length + 1) + at;
    if (tried.has(key)) continue;
    tried.add(key);
    const token = tokens[index];
    if (token === undefined) {
      if (at === name.length) return true;
    } else if (typeof token === "string") {
      if (name.startsWith(token, at)) open.push([index + 1, at + token.length]);
    } else if (token === star || token === globstar) {
      if (at < name.length && (token === globstar || name[at] !== "/")) open.push([index, at + 1]);
      open.push([index + 1, at]);
    } else if (token === globstarSlash) {
      const slash = name.indexOf("/", at);
      // Behind a slash the same token may still take nothing or reach the slash after it.
      if (slash !== -1) open.push([index, slash + 1]);
      open.push([index + 1, at]);
    } else if (at < name.length) {
      const code = name.codePointAt(at) ?? 0;
      if (token === any ? code !== 0x2f : inClass(token, code)) open.push([index + 1, at + (code > 0xffff ? 2 : 1)]);
    }
  }
  return false;
}

/** Whether what follows a token begins a segment of the path. */
function endsSegment(token: GlobToken | undefined): boolean {
  return token === undefined || (typeof token === "string" && token.endsWith("/"));
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
