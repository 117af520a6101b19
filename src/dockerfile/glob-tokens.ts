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

/** Cuts a pattern into tokens; undefined for a malformed one. Without `doubleStar`, `**` is `*`. */
export function tokenize(pattern: string, doubleStar: boolean): readonly GlobToken[] | undefined {
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
