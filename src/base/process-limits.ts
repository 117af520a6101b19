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

/** One limit of a process. */
export interface Ulimit {
  readonly name: (typeof ulimitNames)[number];
  /** In the unit of setrlimit(2); -1 is no limit. */
  readonly soft: number;
  readonly hard: number;
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
