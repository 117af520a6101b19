import { type Digest, sha256 } from "../base/index.ts";

/**
 * What a step's key was made of, in a form that another's can be compared with and that is small enough to be kept.
 * It holds no secret: what may be one stands in it as a digest.
 */
export interface KeyParts {
  /** The instruction as the user wrote it, cut when it is long. */
  readonly instruction: string;
  /** A name for what made the key: a change of slipway's own. */
  readonly version: number;
  /** The key of what the step stands on, and what that is called when it is no step: `debian:bookworm`. */
  readonly base: Digest | undefined;
  readonly baseName?: string | undefined;
  /** Named settings with their values: `user`, `destination`, `network`, ... */
  readonly settings: Readonly<Record<string, string>>;
  readonly variables: Readonly<Record<string, Hidden>>;
  /** A line each. */
  readonly mounts: readonly string[];
  /** What the step takes, by where from: `the build context`, `stage build`. */
  readonly files: Readonly<Record<string, FileList>>;
}

/** True for parts that this version of slipway, or one like it, has written. */
export function isKeyParts(value: unknown): value is KeyParts {
  const parts = value as Partial<KeyParts> | null | undefined;
  return (
    typeof parts?.instruction === "string" &&
    [parts.settings, parts.variables, parts.files].every((member) => typeof member === "object" && member !== null) &&
    Array.isArray(parts.mounts)
  );
}

/** A value, or the digest of one that must not be shown or is too long. */
export type Hidden = string | { readonly digest: string };

/** What stands for a value that is not shown. */
export function hiddenValue(text: string): { readonly digest: string } {
  return { digest: sha256(text).slice(7, 19) };
}

/**
 * The same without the values of variables, for notes that leave the machine. Held against parts that have them, they are told apart by what stands
 * for them.
 */
export function withoutValues(parts: KeyParts): KeyParts {
  const variables = Object.entries(parts.variables).map(
    ([name, value]) => [name, typeof value === "string" ? hiddenValue(value) : value] as const,
  );
  return { ...parts, variables: Object.fromEntries(variables) };
}

/** What a step takes, as a list of it that another can be held against. */
export interface FileList {
  /** Paths, each with its kind and mode in octal, its owner, and a digest of its content. */
  readonly entries: Readonly<Record<string, readonly [attributes: string, content: string]>>;
  /** Where there are too many: the entries are folders at this depth, each with all that is in it. */
  readonly depth: number | undefined;
}

/** One reason why a step has to run. */
export interface MissCause {
  readonly kind:
    | "no-cache"
    | "never-built"
    | "pruned"
    | "version"
    | "parent"
    | "base"
    | "instruction"
    | "variable"
    | "setting"
    | "mount"
    | "file";
  /** In a few words: `src/main.c changed`. */
  readonly text: string;
}
