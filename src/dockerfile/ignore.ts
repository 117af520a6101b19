import { posix } from "node:path";
import { SlipwayError, type SourceLocation } from "../base/index.ts";
import { globstarSlash } from "./glob-tokens.ts";
import { Glob } from "./glob.ts";
import { SourceText } from "./source-text.ts";

/** A line of an ignore file. */
export interface IgnoreRule {
  /** Cleaned, without `!`. */
  readonly pattern: string;
  /** It takes back in what it matches. */
  readonly includes: boolean;
  /** From 1; undefined where the rules were not read from a text. */
  readonly line: number | undefined;
}

/** Which paths of a build context do not take part in the build. */
export interface IgnoreRules {
  /** The patterns, cleaned, in order; `!` in front of those that take paths back in. `ignoreRules(patterns)` makes the rules again. */
  readonly patterns: readonly string[];
  /** Whether a path (relative to the context, with slashes) is left out. The last rule that matches it or a folder above it decides. */
  ignored(path: string): boolean;
  /** That rule; undefined where none matches. */
  rule(path: string): IgnoreRule | undefined;
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
  readonly line: number | undefined;
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
  const line = location?.span.startLine;
  if (glob !== undefined && !glob.hasBackwardRange) return { index, includes, glob, line };
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
  readonly #exact = new NameTable();
  /** Rules of the form `**` slash name, by the name: the last of each. */
  readonly #named = new NameTable();
  /** All other rules, the last first. */
  readonly #globs: readonly CompiledGlob[];
  readonly #including: readonly Rule[];
  /** The deciding rule of folders asked for before. */
  readonly #folders = new Map<string, number>();
  #lastFolder = "";
  #lastRule = -1;

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

  rule(path: string): IgnoreRule | undefined {
    const rule = this.#rules[this.#decides(clean(path))];
    return rule && { pattern: rule.glob.pattern, includes: rule.includes, line: rule.line };
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
    const above = slash === -1 ? -1 : this.#above(path, slash);
    return this.#matching(path, slash, above);
  }

  /** A walk asks for the files of one folder in a row. */
  #above(path: string, slash: number): number {
    if (slash !== this.#lastFolder.length || !path.startsWith(this.#lastFolder)) {
      this.#lastFolder = path.slice(0, slash);
      this.#lastRule = this.#folder(this.#lastFolder);
    }
    return this.#lastRule;
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
    const best = Math.max(above, this.#exact.get(path, 0), this.#named.get(path, slash + 1));
    for (const glob of this.#globs) {
      if (glob.index <= best) break;
      if (glob.matches(path)) return glob.index;
    }
    return best;
  }
}

/** Names and the index of the last rule that is just this name. Most names are turned away by their length alone. */
class NameTable {
  readonly #names = new Map<string, number>();
  readonly #lengths = new Set<number>();

  set(name: string, index: number): void {
    this.#names.set(name, index);
    this.#lengths.add(name.length);
  }

  /** The rule for the name that begins at `start` of a path; -1 for none. */
  get(path: string, start: number): number {
    return this.#lengths.has(path.length - start) ? (this.#names.get(path.slice(start)) ?? -1) : -1;
  }
}

/** A glob with the texts that a path must have for it, which turn most paths away at once. */
class CompiledGlob {
  readonly index: number;
  readonly #glob: Glob;
  readonly #head: string;
  readonly #tail: string;
  readonly #inner: string;

  constructor(index: number, glob: Glob) {
    const texts = glob.tokens.map((token) => (typeof token === "string" ? token : ""));
    this.index = index;
    this.#glob = glob;
    this.#head = texts[0] ?? "";
    this.#tail = texts.at(-1) ?? "";
    this.#inner = texts.slice(1, -1).reduce((longest, text) => (text.length > longest.length ? text : longest), "");
  }

  matches(path: string): boolean {
    if (this.#tail !== "" && !path.endsWith(this.#tail)) return false;
    if (this.#head !== "" && !path.startsWith(this.#head)) return false;
    if (this.#inner !== "" && !path.includes(this.#inner)) return false;
    return this.#glob.matches(path);
  }
}

/** A path without `./` and `/` in front and slashes behind. */
function clean(path: string): string {
  const first = path[0];
  if (first !== "." && first !== "/" && !path.endsWith("/") && !path.includes("//")) return path;
  const normal = posix.normalize(path).replace(/^\/+/, "").replace(/\/$/, "");
  return normal === "." ? "" : normal;
}
