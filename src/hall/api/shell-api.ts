import type { BuildEvent } from "../../base/index.ts";
import type { SecretSource } from "../../ops/index.ts";
import type { CommonOptions } from "./api.ts";

export interface ShellOptions extends CommonOptions {
  /** An image, or a failed step by its id or its stage's name; the step that failed last without it. */
  readonly what?: string | undefined;
  /** The file system that the failed step began with. */
  readonly before?: boolean | undefined;
  /** In place of a shell. */
  readonly command?: readonly string[] | undefined;
  /** `NAME=value`, over those of the step or image. */
  readonly env?: readonly string[] | undefined;
  readonly user?: string | undefined;
  readonly workdir?: string | undefined;
  /** `HOST:CONTAINER[:ro]`. */
  readonly volumes?: readonly string[] | undefined;
  /** For the step's mounts, by id: they are not kept from the build. */
  readonly secrets?: Readonly<Record<string, SecretSource>> | undefined;
  readonly ssh?: Readonly<Record<string, string | readonly string[]>> | undefined;
  /** A terminal. */
  readonly tty?: boolean | undefined;
  readonly terminalSize?: { readonly columns: number; readonly rows: number } | undefined;
  /** Signals that this process gets while the call lasts go to the shell instead. */
  readonly forwardSignals?: boolean | undefined;
  readonly onEvent?: ((event: BuildEvent) => void) | undefined;
}

/** What a failed step left, as `shell` opens it. */
export interface FailedStepInfo {
  /** Short, and as good as the whole. */
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly created: number;
  readonly stage: string | undefined;
  readonly position: readonly [number, number] | undefined;
  readonly text: string;
  readonly exitCode: number;
}
