import type { Ctx, Mount, Resources, SlipwayError, Ulimit } from "../base/index.ts";

/** Where the engine process lives, and what the kernel therefore lets it do. */
export interface Namespace {
  /**
   * - `root`: root of the machine (or of the container that slipway runs in);
   * - `subids`: a user namespace with a range of ids: files can belong to anybody;
   * - `single-id`: a user namespace in which root is the only id: everything belongs to root.
   */
  readonly kind: "root" | "subids" | "single-id";
  /** The prefix under which overlayfs keeps its own attributes; `user` needs the mount option `userxattr`. */
  readonly overlayXattrs: "trusted" | "user";
}

/** An OCI runtime on this machine. */
export interface Runtime {
  readonly name: "crun" | "runc";
  /** Absolute path of the program. */
  readonly path: string;
  /** Variables that the program itself needs; containers never see them. */
  readonly env?: Readonly<Record<string, string>> | undefined;
}

/** Numeric identity of a process in the sandbox. */
export interface ProcessUser {
  readonly uid: number;
  readonly gid: number;
  readonly additionalGids: readonly number[];
}

/** One process to run over a root file system. */
export interface ProcessSpec {
  /** A mounted root folder, of this process alone while it runs: mount points that it lacks are made in it and taken away. */
  readonly root: string;
  /** The process cannot write to the root; what is mounted in it keeps its own rules. */
  readonly readonlyRoot?: boolean | undefined;
  /** The program (looked up in PATH of `env` when it has no slash) and its arguments. */
  readonly args: readonly string[];
  /** `NAME=value`; nothing else is in the environment. */
  readonly env: readonly string[];
  readonly cwd: string;
  readonly user: ProcessUser;
  /** Extra mounts inside the root (volumes). Targets that are missing exist while the process runs, and leave no trace. */
  readonly mounts: readonly Mount[];
  /** `host` has the network of the machine with its names; `none` has a loopback device alone. */
  readonly network: "host" | "none";
  /** Default: `slipway`. */
  readonly hostname?: string | undefined;
  /** Names that /etc/hosts has beside those of the network. */
  readonly extraHosts?: readonly { readonly name: string; readonly address: string }[] | undefined;
  /** In place of the usual limits; `name` is that of setrlimit(2) in lower case and without RLIMIT_, -1 no limit. */
  readonly ulimits?: readonly Ulimit[] | undefined;
  /** Bytes of /dev/shm; 64 MiB without it. */
  readonly shmSize?: number | undefined;
  /** Without the walls: all capabilities that slipway has itself, every system call, nothing of the kernel masked, devices that work. */
  readonly privileged?: boolean | undefined;
  /** A control group of its own, with these limits. */
  readonly cgroup?: CgroupSpec | undefined;
  /** A terminal for the process (`run -t`): standard streams must be a terminal. */
  readonly terminal?: boolean | undefined;
  /** Signals that the process gets while it runs; one that it does not care for ends it, as it would outside. */
  readonly signals?: SignalSource | undefined;
  /** What that terminal begins with; resizes are followed. */
  readonly terminalSize?: { readonly columns: number; readonly rows: number } | undefined;
  readonly stdio:
    /** The streams of this process. */
    | { readonly type: "inherit" }
    | {
        readonly type: "pipe";
        /** Fed to standard input, which is then closed; without it standard input is /dev/null. */
        readonly stdin?: string | undefined;
        readonly onOutput: (stream: "stdout" | "stderr", chunk: Uint8Array) => void;
        /** Asked after each chunk: nothing more is read until what it gives resolves. */
        readonly drained?: (() => Promise<void> | undefined) | undefined;
      };
}

/** A control group (cgroups(7)); undefined members are left as they are. */
export interface CgroupSpec extends Resources {
  /** The one it is made in, below the mount of the control groups; without it that of slipway itself. */
  readonly parent?: string | undefined;
}

/** Tells of signals that somebody sent. */
export interface SignalSource {
  /** One listener at a time. */
  subscribe(listener: (name: NodeJS.Signals) => void): Disposable;
}

export interface ExitResult {
  /** 128 + n when signal n ended it; 127 when the program was not found and 126 when it cannot be executed, with words on stderr. */
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
