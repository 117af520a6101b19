/** One step of a pattern: any run of characters, any one character, or this character. */
type Step = "*" | "?" | { readonly char: string };

/** A shell pattern of `${name#pattern}` and its kin (section "Environment replacement"): `*`, `?`, and `\` before `* ? \ / }`. */
export class ShellPattern {
  readonly #steps: readonly Step[];

  private constructor(steps: readonly Step[]) {
    this.#steps = steps;
  }

  /** Undefined for an escape that the reference does not know, as docker build refuses it. */
  static parse(text: string): ShellPattern | undefined {
    const steps: Step[] = [];
    const chars = Array.from(text);
    for (let at = 0; at < chars.length; at++) {
      const char = chars[at] ?? "";
      if (char === "\\") {
        const escaped = chars[++at];
        if (escaped === undefined || !"*?\\/}".includes(escaped)) return undefined;
        steps.push({ char: escaped });
      } else if (char !== "*" && char !== "?") steps.push({ char });
      else if (char === "?" || steps.at(-1) !== "*") steps.push(char);
    }
    return new ShellPattern(steps);
  }

  /** The value without what the pattern matches at its start. */
  removePrefix(value: string, longest: boolean): string {
    const chars = Array.from(value);
    const end = this.#matchEnd(chars, 0, longest, this.#steps);
    return end === undefined ? value : chars.slice(end).join("");
  }

  /** The value without what the pattern matches at its end. */
  removeSuffix(value: string, longest: boolean): string {
    const chars = Array.from(value).reverse();
    const end = this.#matchEnd(chars, 0, longest, this.#steps.toReversed());
    return end === undefined ? value : chars.slice(end).reverse().join("");
  }

  /** The value with the first match, or every match, replaced; each match as long as can be. */
  replace(value: string, replacement: string, all: boolean): string {
    const chars = Array.from(value);
    const ends = this.#longestEnds(chars);
    const parts: string[] = [];
    let at = 0;
    for (; at <= chars.length; at++) {
      const end = ends[at];
      if (end === undefined || end < 0) {
        parts.push(chars[at] ?? "");
        continue;
      }
      parts.push(replacement);
      if (!all) return parts.join("") + chars.slice(end).join("");
      if (end === at) parts.push(chars[at] ?? "");
      else {
        at = end - 1;
        if (end === chars.length) break;
      }
    }
    return parts.join("");
  }

  /**
   * Where the longest match ends that begins at each character; -1 where there is none. From the last step to the first, so that all
   * beginnings together take no longer than the pattern's length times the value's.
   */
  #longestEnds(chars: readonly string[]): Int32Array {
    let ends = Int32Array.from({ length: chars.length + 1 }, (_, at) => at);
    for (const step of this.#steps.toReversed()) {
      const before = new Int32Array(chars.length + 1).fill(-1);
      if (step === "*") before[chars.length] = ends[chars.length] ?? -1;
      for (let at = chars.length - 1; at >= 0; at--) {
        if (step === "*") before[at] = Math.max(ends[at] ?? -1, before[at + 1] ?? -1);
        else if (step === "?" || step.char === chars[at]) before[at] = ends[at + 1] ?? -1;
      }
      ends = before;
    }
    return ends;
  }

  /** Where a match that begins at `start` ends. All states are followed at once, so no pattern is slower than its length times the value's. */
  #matchEnd(chars: readonly string[], start: number, longest: boolean, steps: readonly Step[]): number | undefined {
    let states = this.#closure([0], steps);
    let found: number | undefined;
    for (let at = start; states.length > 0; at++) {
      if (states.at(-1) === steps.length) {
        if (!longest) return at;
        found = at;
      }
      if (at === chars.length) break;
      const next: number[] = [];
      for (const state of states) {
        const step = steps[state];
        if (step === "*") next.push(state);
        else if (step === "?" || (step !== undefined && step.char === chars[at])) next.push(state + 1);
      }
      states = this.#closure(next, steps);
    }
    return found;
  }

  /** The states reachable without a character, in order, each once: `*` may match nothing. */
  #closure(states: readonly number[], steps: readonly Step[]): number[] {
    const all: number[] = [];
    for (let state of states) {
      if ((all.at(-1) ?? -1) < state) all.push(state);
      while (steps[state] === "*") if ((all.at(-1) ?? -1) < ++state) all.push(state);
    }
    return all;
  }
}
