import { type Glob, type IgnoreRules, ignoreRules } from "../../dockerfile/index.ts";

/** Which entries below a source are copied. Paths are relative to the source, as text. */
export interface Filter {
  /** True for what COPY --parents names; for everything without it. What lies in a wanted folder is wanted too. */
  wants(path: string): boolean;
  /** "enter" for a folder that is not taken itself, though something in it may be; "leave" when nothing is. */
  judge(path: string, isFolder: boolean, isWanted: boolean): "take" | "enter" | "leave";
}

/**
 * @param wanted only what matches it, and what lies below that.
 * @param excludes patterns as in .dockerignore; a `!` takes back.
 */
export function filterOf(wanted: Glob | undefined, excludes: readonly string[]): Filter | undefined {
  const rules = excludeRules(excludes);
  if (!wanted && !rules) return undefined;
  return {
    wants: (path) => wanted === undefined || wanted.matches(path),
    judge: (path, isFolder, isWanted) => {
      const isExcluded = rules?.ignored(path) ?? false;
      if (isWanted && !isExcluded) return "take";
      if (!isFolder || (isExcluded && !rules?.mayContainIncluded(path))) return "leave";
      return isWanted || wanted?.mayMatchBelow(path) ? "enter" : "leave";
    },
  };
}

/** The rules of `--exclude`; undefined without any. A pattern that begins with a slash matches nothing: no path below a source does. */
export function excludeRules(excludes: readonly string[]): IgnoreRules | undefined {
  const patterns = excludes.map((pattern) => pattern.trim()).filter((pattern) => !/^(!?\/.*)?$/s.test(pattern));
  return patterns.length === 0 ? undefined : ignoreRules(patterns);
}
