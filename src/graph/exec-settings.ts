import type { Resources, Ulimit } from "../base/index.ts";

/** A line of /etc/hosts. */
export interface ExtraHost {
  readonly name: string;
  readonly address: string;
}

/** What the options of a build say about the processes of its RUN steps; all of it is left to slipway where it is undefined. */
export interface ExecSettings {
  readonly hostname?: string | undefined;
  readonly ulimits?: readonly Ulimit[] | undefined;
  /** Bytes of /dev/shm. */
  readonly shmSize?: number | undefined;
  readonly extraHosts?: readonly ExtraHost[] | undefined;
  /** The control group that each process gets one of its own in, below the mount of the control groups. */
  readonly cgroupParent?: string | undefined;
  readonly resources?: Resources | undefined;
}
