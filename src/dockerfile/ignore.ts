import { posix } from "node:path";
import { SlipwayError, type SourceLocation } from "../base/index.ts";
import { Glob, globstarSlash, matchTokens } from "./glob.ts";
import { SourceText } from "./source-text.ts";

/** Which paths of a build context do not take part in the build. */
export interface IgnoreRules {
  /** The patterns, cleaned, in order; `!` in front of those that take paths back in. `ignoreRules(patterns)` makes the rules again. */
  readonly patterns: readonly string[];
  /** Whether a path (relative to the context, with slashes) is left out. The last rule that matches it or a folder above it decides. */
  ignored(path: string): boolean;
  /**
   * Whether anything below a folder can take part: always, unless the folder is ignored and no later `!` rule can match below it.
   * A walk need not enter a folder where this is false.
   */
  mayContainIncluded(folder: string): boolean;
}

/**
 * Reads a .dockerignore file: a pattern a line, `#` in the first column for comments, white space and slashes around a pattern
 * cleaned away.
 * @throws SLIP_CONTEXT, with the line, for a malformed pattern and a lone `!`.
 */
export function parseIgnore(text: string, options: { readonly file?: string | undefined } = {}): IgnoreRules {
  const source = new SourceText(options.file ?? ".dockerignore", text);
  const rules: Rule[] = [];
  let start = text.startsWith("\uFEFF") ? 1 : 0;
  while (start < text.length) {
    const feed = text.indexOf("\n", start);
    const end = feed === -1 ? text.length : feed;
    const line = text.slice(start, end);
    if (!line.startsWith("#") && line.trim() !== "") {
      rules.push(compileRule(line, rules.length, source.location(source.span(start, end))));
    }
    start = end + 1;
  }
  return new CompiledRules(rules);
}

/** The rules of patterns as `IgnoreRules.patterns` gives them. */
export function ignoreRules(patterns: readonly string[]): IgnoreRules {
  return new CompiledRules(patterns.map((pattern, index) => compileRule(pattern, index, undefined)));
}

interface Rule {
  readonly index: number;
  readonly includes: boolean;
  readonly glob: Glob;
}

function compileRule(text: string, index: number, location: SourceLocation | undefined): Rule {
  const trimmed = text.trim();
  const includes = trimmed.startsWith("!");
  const written = includes ? trimmed.slice(1).trim() : trimmed;
  const cleaned =
    written === ""
      ? ""
      : posix
          .normalize(written)
          .replace(/(?<=.)\/$/, "")
          .replace(/^\/(?=.)/, "");
  const glob = cleaned === "" ? undefined : Glob.compile(cleaned, { doubleStar: true });
  if (glob !== undefined && !glob.hasBackwardRange) return { index, includes, glob };
  throw new SlipwayError({
    code: "SLIP_CONTEXT",
    message:
      cleaned === ""
        ? `The ignore pattern "!" names nothing`
        : `The ignore pattern ${JSON.stringify(written)} is malformed`,
    hint:
      cleaned === ""
        ? "write !PATTERN, or remove the line"
        : "close every [, and put \\ before a [ that is meant as it stands",
    location,
  });
}

/** How many folders' answers are kept. */
const remembered = 10_000;

class CompiledRules implements IgnoreRules {
  readonly patterns: readonly string[];
  readonly #rules: readonly Rule[];
  /** Rules without wildcards, by the path they name: the last of each. */
  readonly #exact = new Map<string, number>();
  /** Rules of the form `**` slash name, by the name: the last of each. */
  readonly #named = new Map<string, number>();
  /** All other rules, the last first. */
  readonly #globs: readonly CompiledGlob[];
  readonly #including: readonly Rule[];
  /** The deciding rule of folders asked for before. */
  readonly #folders = new Map<string, number>();

  constructor(rules: readonly Rule[]) {
    this.#rules = rules;
    this.patterns = rules.map(({ includes, glob }) => `${includes ? "!" : ""}${glob.pattern}`);
    const globs: CompiledGlob[] = [];
    for (const { index, glob } of rules) {
      const [first, second] = glob.tokens;
      if (glob.literal !== undefined) this.#exact.set(glob.literal, index);
      else if (
        glob.tokens.length === 2 &&
        first === globstarSlash &&
        typeof second === "string" &&
        !second.includes("/")
      ) {
        this.#named.set(second, index);
      } else globs.push(new CompiledGlob(index, glob));
    }
    this.#globs = globs.toReversed();
    this.#including = rules.filter(({ includes }) => includes);
  }

  ignored(path: string): boolean {
    return this.#ignores(this.#decides(clean(path)));
  }

  mayContainIncluded(folder: string): boolean {
    const path = clean(folder);
    const rule = this.#decides(path);
    return !this.#ignores(rule) || this.#including.some(({ index, glob }) => index > rule && glob.mayMatchBelow(path));
  }

  #ignores(index: number): boolean {
    const rule = this.#rules[index];
    return rule !== undefined && !rule.includes;
  }

  /** Index of the last rule that matches a path or a folder above it; -1 for none. */
  #decides(path: string): number {
    if (path === "" || this.#rules.length === 0) return -1;
    const slash = path.lastIndexOf("/");
    const above = slash === -1 ? -1 : this.#folder(path.slice(0, slash));
    return this.#matching(path, slash, above);
  }

  #folder(folder: string): number {
    const known = this.#folders.get(folder);
    if (known !== undefined) return known;
    // From the top down, so that a deep path does not nest as many calls.
    let rule = -1;
    for (let slash = folder.indexOf("/"), before = -1; ; before = slash, slash = folder.indexOf("/", slash + 1)) {
      const path = slash === -1 ? folder : folder.slice(0, slash);
      rule = this.#folders.get(path) ?? this.#matching(path, before, rule);
      if (this.#folders.size >= remembered) this.#folders.clear();
      this.#folders.set(path, rule);
      if (slash === -1) return rule;
    }
  }

  /** The last rule that matches the path itself, if it is later than `above`; else `above`. */
  #matching(path: string, slash: number, above: number): number {
    let best = Math.max(above, this.#exact.get(path) ?? -1);
    if (this.#named.size > 0) best = Math.max(best, this.#named.get(path.slice(slash + 1)) ?? -1);
    for (const glob of this.#globs) {
      if (glob.index <= best) break;
      if (glob.matches(path)) return glob.index;
    }
    return best;
  }
}

/** A glob with the literal text at its ends, which turns most paths away at once. */
class CompiledGlob {
  readonly index: number;
  readonly #glob: Glob;
  readonly #head: string;
  readonly #tail: string;

  constructor(index: number, glob: Glob) {
    const [first, last] = [glob.tokens[0], glob.tokens.at(-1)];
    this.index = index;
    this.#glob = glob;
    this.#head = typeof first === "string" ? first : "";
    this.#tail = typeof last === "string" ? last : "";
  }

  matches(path: string): boolean {
    return path.startsWith(this.#head) && path.endsWith(this.#tail) && matchTokens(this.#glob.tokens, path, false);
  }
}

/** A path without `./` and `/` in front and slashes behind. */
function clean(path: string): string {
  const first = path[0];
  if (first !== "." && first !== "/" && !path.endsWith("/") && !path.includes("//")) return path;
  const normal = posix.normalize(path).replace(/^\/+/, "").replace(/\/$/, "");
  return normal === "." ? "" : normal;
}
