/** The first and the last line of a place, from 1. */
type Lines = readonly [first: number, last: number];

/** A stage as `--call=targets` lists it. */
export interface Target {
  readonly name: string | undefined;
  /** It is built when no target is named. */
  readonly default: boolean;
  /** The comment above its FROM that begins with its name. */
  readonly description: string | undefined;
  /** As FROM has them, variables included. */
  readonly base: string;
  readonly platform: string | undefined;
  readonly lines: Lines;
}

export interface OutlinedArg {
  readonly name: string;
  /** Undefined without a default and a build argument. */
  readonly value: string | undefined;
  /** The comment above its ARG that begins with its name. */
  readonly description: string | undefined;
  readonly lines: Lines;
}

/** A secret, or a socket of an SSH agent, that a RUN asks for. */
export interface OutlinedSecret {
  readonly name: string;
  readonly required: boolean;
  readonly lines: Lines;
}

/** What a target takes from outside, as `--call=outline` lists it. */
export interface Outline {
  readonly name: string | undefined;
  readonly description: string | undefined;
  readonly args: readonly OutlinedArg[];
  readonly secrets: readonly OutlinedSecret[];
  readonly ssh: readonly OutlinedSecret[];
}
