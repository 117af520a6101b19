import { randomUUID } from "node:crypto";
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmdirSync,
  statfsSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, posix } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { SlipwayError } from "../base/index.ts";
import type { CgroupSpec } from "./contract.ts";

/** The control groups of the machine as they were mounted when this was opened, whatever is mounted over them later. */
export interface Cgroups {
  /**
   * Makes a control group with limits.
   * Throws SLIP_UNSUPPORTED when the machine has none of that kind, or this user may not make one.
   */
  open(spec: CgroupSpec): Cgroup;
}

/** A control group of one process. Disposing of it removes it; nothing may run in it any more. */
export interface Cgroup extends AsyncDisposable {
  /** Open `cgroup.procs` files: a process that writes 0 to each is in it. */
  readonly doors: readonly number[];
}

/** statfs(2), f_type. */
const CGROUP2_SUPER_MAGIC = 0x63677270;
const mountedAt = "/sys/fs/cgroup";

/** One value to write, and the controller whose file it is. */
interface Setting {
  readonly controller: "memory" | "cpu" | "cpuset";
  readonly file: string;
  readonly value: string;
}

/** @param root where control groups are mounted; an open folder of it is held. */
export function openCgroups(root: string = mountedAt): Cgroups {
  let held: number | undefined;
  try {
    held = openSync(root, "r");
  } catch {
    // a machine without
  }
  return {
    open: (spec) => {
      if (held === undefined) throw refused(spec, `the machine has no control groups in ${root}`);
      const folder = `/proc/self/fd/${held}`;
      return isUnified(folder) ? unified(folder, spec) : legacy(folder, spec);
    },
  };
}

function isUnified(folder: string): boolean {
  return statfsSync(folder).type === CGROUP2_SUPER_MAGIC;
}

/** cgroup v2: one tree. Limits work only in a child of a group that has passed its controllers on. */
function unified(root: string, spec: CgroupSpec): Cgroup {
  const parent = spec.parent ?? ownPath("");
  const settings = unifiedSettings(spec);
  return make([{ folder: join(root, inside(parent)), settings }], spec, (folder) => {
    const wanted = [...new Set(settings.map(({ controller }) => controller))];
    if (wanted.length === 0) return;
    const on = readFileSync(join(folder, "cgroup.subtree_control"), "utf8").split(/\s+/);
    const missing = wanted.filter((controller) => !on.includes(controller));
    if (missing.length === 0) return;
    writeFileSync(join(folder, "cgroup.subtree_control"), missing.map((controller) => `+${controller}`).join(" "));
  });
}

/** Trees of v1 in which a parent counts. */
const parents = ["memory", "cpu", "cpuset", "pids", "blkio"];

/** cgroup v1: a tree for each controller; processes are in one group of each. */
function legacy(root: string, spec: CgroupSpec): Cgroup {
  const settings = legacySettings(spec);
  const names = [...settings.map(({ controller }) => controller), ...(spec.parent === undefined ? [] : parents)];
  const controllers = [...new Set(names)].filter((name) => existsSync(join(root, name, "cgroup.procs")));
  const without = settings.find(({ controller }) => !controllers.includes(controller));
  if (without) throw refused(spec, `the machine has no control groups for ${without.controller}`);
  const groups = controllers.map((controller) => ({
    folder: join(root, controller, inside(spec.parent ?? ownPath(controller))),
    settings: settings.filter((setting) => setting.controller === controller),
  }));
  return make(groups, spec, () => undefined);
}

interface Group {
  readonly folder: string;
  readonly settings: readonly Setting[];
}

function make(groups: readonly Group[], spec: CgroupSpec, pass: (folder: string) => void): Cgroup {
  const name = `slipway-${randomUUID()}`;
  const made: string[] = [];
  const doors: number[] = [];
  const shut = (): void => {
    for (const door of doors.splice(0)) closeSync(door);
  };
  try {
    for (const { folder, settings } of groups) {
      if (spec.parent !== undefined) makeParents(folder);
      pass(folder);
      const own = join(folder, name);
      mkdirSync(own);
      made.push(own);
      for (const { file, value } of settings) writeFileSync(join(own, file), value);
      inheritCpus(folder, own);
      doors.push(openSync(join(own, "cgroup.procs"), "w"));
    }
  } catch (error) {
    shut();
    for (const folder of made) rmdirSync(folder);
    throw refused(spec, (error as Error).message.replace(/\/proc\/self\/fd\/\d+/, mountedAt), error);
  }
  return {
    doors,
    [Symbol.asyncDispose]: async () => {
      shut();
      for (const folder of made) await remove(folder);
    },
  };
}

/** A group that was named need not be there. */
function makeParents(folder: string): void {
  if (existsSync(folder)) return;
  makeParents(dirname(folder));
  mkdirSync(folder);
  inheritCpus(dirname(folder), folder);
}

/** In a v1 cpuset a group without processors and memory of its own takes nobody in. */
function inheritCpus(parent: string, own: string): void {
  for (const file of ["cpuset.cpus", "cpuset.mems"]) {
    const path = join(own, file);
    if (existsSync(join(own, "cpuset.effective_cpus")) && readFileSync(path, "utf8").trim() === "") {
      writeFileSync(path, readFileSync(join(parent, file)));
    }
  }
}

/** The last process is gone a moment after its parent has heard of it. */
async function remove(folder: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      rmdirSync(folder);
      return;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === "ENOENT") return;
      if (code !== "EBUSY" || attempt === 50) throw error;
      await sleep(attempt);
    }
  }
}

/** The group of this process (cgroups(7), /proc/PID/cgroup). @param controller of v1; "" is the v2 tree. */
function ownPath(controller: string): string {
  for (const line of readFileSync("/proc/self/cgroup", "utf8").split("\n")) {
    const [, controllers = "", ...path] = line.split(":");
    if (controller === "" ? controllers === "" && line.startsWith("0:") : controllers.split(",").includes(controller)) {
      return path.join(":");
    }
  }
  return "/";
}

/** Never above the mount. */
function inside(path: string): string {
  return posix.resolve("/", path).slice(1);
}

function unifiedSettings(spec: CgroupSpec): Setting[] {
  const { memory, memorySwap, cpuShares, cpuPeriod, cpuQuota } = spec;
  // v2 counts swap alone
  const swap = memorySwap === undefined || memorySwap < 0 ? memorySwap : memorySwap - (memory ?? 0);
  const limit = (value: number): string => (value < 0 ? "max" : String(value));
  return [
    ...setting("memory", "memory.max", memory, limit),
    ...setting("memory", "memory.swap.max", swap, limit),
    // from 2..262144 to 1..10000, as runtimes convert it
    ...setting("cpu", "cpu.weight", cpuShares, (shares) => String(Math.round(1 + ((shares - 2) * 9999) / 262_142))),
    ...(cpuQuota === undefined && cpuPeriod === undefined
      ? []
      : setting("cpu", "cpu.max", `${limit(cpuQuota ?? -1)} ${cpuPeriod ?? 100_000}`)),
    ...setting("cpuset", "cpuset.cpus", spec.cpusetCpus),
    ...setting("cpuset", "cpuset.mems", spec.cpusetMems),
  ];
}

function legacySettings(spec: CgroupSpec): Setting[] {
  return [
    ...setting("memory", "memory.limit_in_bytes", spec.memory),
    ...setting("memory", "memory.memsw.limit_in_bytes", spec.memorySwap),
    ...setting("cpu", "cpu.shares", spec.cpuShares),
    ...setting("cpu", "cpu.cfs_period_us", spec.cpuPeriod),
    ...setting("cpu", "cpu.cfs_quota_us", spec.cpuQuota),
    ...setting("cpuset", "cpuset.cpus", spec.cpusetCpus),
    ...setting("cpuset", "cpuset.mems", spec.cpusetMems),
  ];
}

function setting<T extends string | number>(
  controller: Setting["controller"],
  file: string,
  value: T | undefined,
  text: (value: T) => string = String,
): Setting[] {
  return value === undefined ? [] : [{ controller, file, value: text(value) }];
}

function refused(spec: CgroupSpec, why: string, cause?: unknown): SlipwayError {
  const place = spec.parent === undefined ? "" : ` in ${spec.parent}`;
  return new SlipwayError({
    code: "SLIP_UNSUPPORTED",
    message: `Cannot make a control group${place} for a RUN: ${why}`,
    hint: "control groups must be delegated to the user that builds: name one with --cgroup-parent, or set the limits around slipway (systemd-run --scope -p MemoryMax=2G)",
    cause,
  });
}
