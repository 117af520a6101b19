import type { Ctx, Mount, SlipwayError } from "../base/index.ts";

/** Numeric identity of a process in the sandbox. */
export interface ProcessUser {
  readonly uid: number;
  readonly gid: number;
  readonly additionalGids: readonly number[];
}

/** One process to run over a root file system. */
export interface ProcessSpec {
  /** A mounted root folder. */
  readonly root: string;
  readonly readonlyRoot?: boolean | undefined;
  readonly args: readonly string[];
  readonly env: readonly string[];
  readonly cwd: string;
  readonly user: ProcessUser;
  /** Extra mounts inside the root (volumes). */
  readonly mounts: readonly Mount[];
  readonly network: "host" | "none";
  readonly hostname?: string | undefined;
  /** A terminal for the process (`run -t`): standard streams must be a terminal. */
  readonly terminal?: boolean | undefined;
  readonly stdio:
    | { readonly type: "inherit" }
    | {
        readonly type: "pipe";
        /** Fed to standard input, which is then closed; without it standard input is /dev/null. */
        readonly stdin?: string | undefined;
        readonly onOutput: (stream: "stdout" | "stderr", chunk: Uint8Array) => void;
      };
  /** Additional capabilities or none; the default set is Docker's. */
  readonly stopSignal?: string | undefined;
}

export interface ExitResult {
  /** 128 + n when signal n ended it. */
  readonly exitCode: number;
}

/** Runs a process in isolation. */
export interface Executor {
  readonly name: string;
  /** True, or why it cannot work here, with the remedy in the hint. */
  probe(): Promise<true | SlipwayError>;
  /** Ends when the process has ended and every process it left has been killed. When the signal aborts, kills it and throws SLIP_CANCELLED. */
  run(process: ProcessSpec, ctx: Ctx): Promise<ExitResult>;
}
