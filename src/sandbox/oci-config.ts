import { existsSync, statSync } from "node:fs";
import type { Mount } from "../base/index.ts";
import { capabilitiesFor } from "./capabilities.ts";
import type { Namespace, ProcessSpec, Runtime } from "./contract.ts";
import { withUlimits } from "./limits.ts";
import type { Seccomp } from "./seccomp.ts";
import type { ShutRoot } from "./shut-devices.ts";

/** What makes a config.json. */
export interface ConfigInput {
  readonly process: ProcessSpec;
  readonly namespace: Namespace;
  /** Files of the host that the process sees read-only at a path: names of the network, package settings. */
  readonly files: readonly { readonly source: string; readonly target: string }[];
  readonly limits: readonly Limit[];
  /** What a privileged process has. */
  readonly ownCapabilities: () => readonly string[];
  readonly oomScoreAdj: number | undefined;
  readonly seccomp: Seccomp;
  readonly shut: ShutRoot;
  readonly runtime: Runtime["name"];
}

export interface Limit {
  readonly type: string;
  /** A number, or the text of one in JSON. */
  readonly soft: number | object;
  readonly hard: number | object;
}

/** OCI runtime-spec, config.md, "Mounts". */
export interface OciMount {
  readonly destination: string;
  readonly type: string;
  readonly source: string;
  readonly options: readonly string[];
}

/** Kernel facts that concern the machine and not the container (moby, daemon/pkg/oci/defaults.go, as of version 28). */
const maskedPaths = [
  "/proc/acpi",
  "/proc/asound",
  "/proc/interrupts",
  "/proc/kcore",
  "/proc/keys",
  "/proc/latency_stats",
  "/proc/sched_debug",
  "/proc/scsi",
  "/proc/timer_list",
  "/proc/timer_stats",
  "/sys/devices/virtual/powercap",
  "/sys/firmware",
];
const readonlyPaths = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"];
const devices = ["null", "zero", "full", "tty", "random", "urandom"];
/** Devices that a privileged process finds, where the machine has them. */
const privilegedDevices = ["fuse", "kmsg", "kvm", "loop-control", "net/tun"].concat(
  Array.from({ length: 8 }, (_, at) => `loop${at}`),
);

/**
 * The config.json of one process (OCI runtime-spec 1.0.2, config.md and config-linux.md).
 * There is no user namespace in it: that one is the engine's own.
 */
export function ociConfig(input: ConfigInput): Readonly<Record<string, unknown>> {
  const { process: spec, namespace } = input;
  const oneId = namespace.kind === "single-id";
  const user = oneId ? { uid: 0, gid: 0 } : spec.user;
  const privileged = spec.privileged === true;
  const namespaces = ["pid", "ipc", "uts", "mount", ...(spec.network === "none" ? ["network"] : [])];
  return {
    ociVersion: "1.0.2",
    root: { path: spec.root, readonly: spec.readonlyRoot === true && !input.shut.readonly },
    hostname: spec.hostname ?? "slipway",
    process: {
      terminal: spec.terminal === true,
      consoleSize: spec.terminalSize && { height: spec.terminalSize.rows, width: spec.terminalSize.columns },
      user: { ...user, umask: 0o022 },
      args: spec.args,
      env: spec.env,
      cwd: spec.cwd,
      capabilities: capabilitiesFor(user.uid, privileged ? input.ownCapabilities() : undefined),
      rlimits: withUlimits(input.limits, spec.ulimits),
      oomScoreAdj: input.oomScoreAdj,
      noNewPrivileges: false,
    },
    mounts: [
      ...input.shut.mounts,
      ...kernelMounts(spec, namespace, input.runtime),
      ...spec.mounts.map(volume),
      ...input.files.map(({ source, target }) => bind(source, target, ["ro", "nosuid", "noexec", "nodev"])),
    ],
    linux: {
      namespaces: namespaces.map((type) => ({ type })),
      maskedPaths: privileged ? [] : maskedPaths,
      readonlyPaths: privileged ? [] : readonlyPaths,
      seccomp: privileged ? undefined : input.seccomp,
    },
  };
}

/**
 * The file systems of the kernel. The devices are the host's own, bound one by one into a /dev where no other node works: with
 * CAP_MKNOD and without a device cgroup, a process could otherwise make itself a node for any disk. Read-only they can be
 * written to all the same, but nobody changes their owner or mode for the whole machine.
 */
function kernelMounts(
  { privileged = false, shmSize }: ProcessSpec,
  namespace: Namespace,
  runtime: Runtime["name"],
): OciMount[] {
  // In a user namespace runc binds them by itself, and fails on a /dev/tty that is there already.
  const bound = namespace.kind !== "root" && runtime === "runc" ? [] : devices;
  const opened = privileged ? privilegedDevices.filter((name) => existsSync(`/dev/${name}`)) : [];
  const tty = namespace.kind === "single-id" ? [] : ["gid=5"];
  const shut = ["nosuid", "noexec", "nodev"];
  return [
    { destination: "/proc", type: "proc", source: "proc", options: shut },
    {
      destination: "/dev",
      type: "tmpfs",
      source: "tmpfs",
      options: ["nosuid", ...(privileged ? [] : ["nodev"]), "strictatime", "mode=755", "size=65536k"],
    },
    ...bound.map((name) => bind(`/dev/${name}`, `/dev/${name}`, ["ro", "nosuid", "noexec"])),
    ...opened.map((name) => bind(`/dev/${name}`, `/dev/${name}`, ["nosuid", "noexec"])),
    {
      destination: "/dev/pts",
      type: "devpts",
      source: "devpts",
      options: ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", ...tty],
    },
    {
      destination: "/dev/shm",
      type: "tmpfs",
      source: "shm",
      options: [...shut, "mode=1777", `size=${shmSize ?? "65536k"}`],
    },
    { destination: "/dev/mqueue", type: "mqueue", source: "mqueue", options: shut },
    namespace.kind === "root"
      ? { destination: "/sys", type: "sysfs", source: "sysfs", options: [...shut, ...(privileged ? [] : ["ro"])] }
      : bind("/sys", "/sys", [...shut, ...(privileged ? [] : ["rro"])], "rbind"),
  ];
}

/** A volume is read-only and shut for devices with all that is mounted below its source. */
function volume(mount: Mount): OciMount {
  if (mount.type !== "bind") {
    const options = [...mount.options.filter((option) => option !== "dev"), "nosuid", "nodev"];
    return { destination: mount.target, type: mount.type, source: mount.source, options };
  }
  // nothing is mounted below a file, and a runtime opens the target of a recursive mount as a folder
  const recursive = mount.options.includes("rbind") && statSync(mount.source).isDirectory();
  const options = mount.options
    .filter((option) => option !== "bind" && option !== "rbind" && option !== "nodev")
    .map((option) => (recursive && option === "ro" ? "rro" : option));
  return bind(mount.source, mount.target, [...options, recursive ? "rnodev" : "nodev"], recursive ? "rbind" : "bind");
}

function bind(source: string, destination: string, options: readonly string[], kind = "bind"): OciMount {
  return { destination, type: "bind", source, options: [kind, "rprivate", ...options] };
}
