/**
 * What BuildKit's parser calls white space: Go's unicode.IsSpace. JavaScript's `trim` would also take U+FEFF,
 * and would thereby accept files that docker build refuses.
 */
const spaces = new Set("\t\n\v\f\r \u0085\u00A0\u1680\u2028\u2029\u202F\u205F\u3000");
for (let code = 0x2000; code <= 0x200a; code++) spaces.add(String.fromCharCode(code));

export function isSpace(char: string | undefined): boolean {
  return char !== undefined && spaces.has(char);
}

/** The blanks that separate words of an instruction: tab, vertical tab, form feed, carriage return, space. */
export function isBlank(char: string | undefined): boolean {
  return char === " " || char === "\t" || char === "\v" || char === "\f" || char === "\r";
}

/** The first offset from `start` on, below `end`, that is no white space. */
export function skipSpace(text: string, start: number, end: number): number {
  let at = start;
  while (at < end && isSpace(text[at])) at++;
  return at;
}

/** The offset behind the last character below `end`, not before `start`, that is no white space. */
export function trimSpaceEnd(text: string, start: number, end: number): number {
  let at = end;
  while (at > start && isSpace(text[at - 1])) at--;
  return at;
}
