import type { LockChange } from "../../lockfile/index.ts";
import type { BuildOptions } from "./api.ts";

export type { LockChange, LockEntry } from "../../lockfile/index.ts";

/** As a build takes them; without a target all stages are locked. */
export interface LockOptions extends Pick<
  BuildOptions,
  | "context"
  | "dockerfile"
  | "target"
  | "platforms"
  | "buildArgs"
  | "buildContexts"
  | "baseImages"
  | "debianMirror"
  | "debianKeyring"
  | "secrets"
  | "ssh"
  | "store"
  | "signal"
  | "onEvent"
> {
  /** Names of images, addresses of files and repositories: only these are looked up anew; all without it. */
  readonly update?: readonly string[] | undefined;
  /** Nothing is written. */
  readonly check?: boolean | undefined;
}

/** A line of the Dockerfile that uses an entry. */
export interface LockPlace {
  /** From 1. */
  readonly line: number;
  /** The instruction, in one line. */
  readonly text: string;
}

export interface LockResult {
  /** The lock file. */
  readonly file: string;
  /** The Dockerfile, as it was named. */
  readonly dockerfile: string;
  readonly entries: number;
  /** What is another than the file had, with the lines that it is about; none for what no line uses any more. */
  readonly changes: readonly (LockChange & { readonly places: readonly LockPlace[] })[];
  /** The file was written. It is not when it was right already. */
  readonly written: boolean;
}
