/** Limits of a process, by docker's names: those of setrlimit(2) without RLIMIT_. */
export const ulimitNames = [
  "core",
  "cpu",
  "data",
  "fsize",
  "locks",
  "memlock",
  "msgqueue",
  "nice",
  "nofile",
  "nproc",
  "rss",
  "rtprio",
  "rttime",
  "sigpending",
  "stack",
] as const;

export interface Ulimit {
  readonly name: (typeof ulimitNames)[number];
  /** In the unit of setrlimit(2); -1 is no limit. */
  readonly soft: number;
  readonly hard: number;
}

/** A line of /etc/hosts. */
export interface ExtraHost {
  readonly name: string;
  readonly address: string;
}

/** What a process and its children may take together (cgroups(7)). */
export interface Resources {
  /** Bytes. */
  readonly memory?: number | undefined;
  /** Bytes of memory and swap together; -1 is no limit. */
  readonly memorySwap?: number | undefined;
  /** Weight among its neighbours; 1024 is the usual. */
  readonly cpuShares?: number | undefined;
  /** Microseconds. */
  readonly cpuPeriod?: number | undefined;
  /** Microseconds of processor time in each period. */
  readonly cpuQuota?: number | undefined;
  /** Processors and memory nodes: `0-2,5`. */
  readonly cpusetCpus?: string | undefined;
  readonly cpusetMems?: string | undefined;
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
