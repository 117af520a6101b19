/** A way to log in that a server offers (RFC 9110, 11.6.1). Names of schemes and parameters are in lower case. */
export interface Challenge {
  readonly scheme: string;
  readonly parameters: ReadonlyMap<string, string>;
}

const token = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
const parameter = new RegExp(`\\s*(${token})\\s*=\\s*(?:"((?:[^"\\\\]|\\\\.)*)"|([^\\s,"]*))\\s*(?:,|$)`, "y");
const scheme = new RegExp(`[\\s,]*(${token})(?=\\s|,|$)`, "y");
const longest = 16 * 1024;

/** Reads WWW-Authenticate; what is not to be understood ends the list. */
export function parseChallenges(header: string | undefined): readonly Challenge[] {
  const text = (header ?? "").slice(0, longest);
  const found: Challenge[] = [];
  let at = 0;
  for (;;) {
    scheme.lastIndex = at;
    const name = scheme.exec(text)?.[1];
    if (name === undefined) return found;
    at = scheme.lastIndex;
    const parameters = new Map<string, string>();
    for (;;) {
      parameter.lastIndex = at;
      const match = parameter.exec(text);
      if (!match?.[1]) break;
      at = parameter.lastIndex;
      parameters.set(match[1].toLowerCase(), match[2]?.replace(/\\(.)/g, "$1") ?? match[3] ?? "");
    }
    found.push({ scheme: name.toLowerCase(), parameters });
  }
}
