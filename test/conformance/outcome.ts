import type { Case } from "./case.ts";
import type { ConfigOptions } from "./config-text.ts";
import type { Tree } from "./tree-text.ts";

/** What a build gave, as far as cases are about it. */
export interface Outcome {
  readonly failure?: { readonly code: string; readonly text: string; readonly line?: number | undefined } | undefined;
  /** `RULE: message (line N)`. */
  readonly warnings: readonly string[];
  /** The golden files' texts; empty when the build failed. */
  readonly tree: string;
  readonly config: string;
  /** Text of a step -> `ran`, `cached`, `failed` or `cancelled`. */
  readonly steps: Readonly<Record<string, string>>;
}

/** The image that cases are built on, as it comes out of a builder. */
export interface Base {
  readonly tree: Tree;
  /** Entries of its history. */
  readonly history: number;
}

/** What of the configuration a case is about. */
export function configOptions(given: Case, { history }: Base): ConfigOptions {
  const shows = (what: NonNullable<Case["shows"]>[number]): boolean => given.shows?.includes(what) === true;
  return { history: shows("history"), created: shows("created"), platform: shows("platform"), baseHistory: history };
}
