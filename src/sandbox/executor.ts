import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { basename, join } from "node:path";
import type { BuildEvent } from "../base/index.ts";
import { mountAll } from "../base/syscalls.ts";
import { defaultCapabilities, ownCapabilities } from "./capabilities.ts";
import { openCgroups } from "./cgroup.ts";
import { checkProcess, kernelFolders } from "./check-process.ts";
import { checkUser } from "./check-user.ts";
import { type CompiledSeccomp, compiledSeccomp } from "./compiled-seccomp.ts";
import type { Executor, Namespace, ProcessSpec, Runtime } from "./contract.ts";
import { oomScore, processLimits } from "./limits.ts";
import { mendCgroups } from "./mend-cgroups.ts";
import { networkFiles } from "./network-files.ts";
import { ociConfig } from "./oci-config.ts";
import { probeKernel } from "./probe-kernel.ts";
import { runRuntime, throwIfCancelled } from "./run-runtime.ts";
import { seccomp } from "./seccomp.ts";
import { shutDevices } from "./shut-devices.ts";
import { type MountPoint, makeStubs } from "./stubs.ts";

export interface ExecutorOptions {
  readonly runtime: Runtime;
  /** A folder of this user's own. Kept between builds, it holds the compiled seccomp filter, which saves milliseconds a process. */
  readonly stateDir: string;
  readonly namespace: Namespace;
}

interface HostFile {
  readonly source: string;
  readonly target: string;
}

/** Opens the executor that runs processes in an OCI runtime. Works only inside the engine's namespaces (see enterNamespace). */
export function openExecutor({ runtime, stateDir, namespace }: ExecutorOptions): Executor {
  const state = join(stateDir, runtime.name);
  const filter = seccomp(defaultCapabilities, process.arch, namespace.kind === "single-id");
  const limits = processLimits();
  const oomScoreAdj = oomScore();
  const holdRuntime = once(() => mountReadOnly(runtime.path));
  const warned = new Set<string>();
  let compiled: Promise<CompiledSeccomp> | undefined;
  // before they are hidden
  const cgroups = openCgroups();
  mendCgroups(namespace, runtime);
  mkdirSync(state, { recursive: true, mode: 0o700 });
  sweep(stateDir, "run-");
  sweep(state, "slipway-");
  return {
    name: runtime.name,
    probe: async () => probeKernel(),
    run: async (spec, ctx) => {
      throwIfCancelled(ctx.signal);
      checkProcess(spec);
      if (namespace.kind === "subids") checkUser(spec.user);
      if (namespace.kind === "single-id" && !isRoot(spec)) {
        if (!warned.has(otherUser.message)) ctx.emit(otherUser);
        warned.add(otherUser.message);
      }
      holdRuntime();
      const bundle = mkdtempSync(join(stateDir, "run-"));
      const container = basename(bundle).replace("run-", "slipway-");
      try {
        const files = hostFiles(bundle, spec, namespace);
        using _stubs = makeStubs(spec.root, mountPoints(spec, files));
        using shut = shutDevices(spec, namespace, runtime);
        await using cgroup = spec.cgroup && cgroups.open(spec.cgroup);
        const process = withSettings(spec, files);
        const config = ociConfig({
          process,
          namespace,
          files,
          limits,
          ownCapabilities: () => ownCapabilities(readFileSync("/proc/self/status", "utf8")),
          oomScoreAdj,
          seccomp: filter,
          shut,
          runtime: runtime.name,
        });
        if (!spec.privileged) compiled ??= compiledSeccomp(filter, runtime, state, config);
        const annotations = spec.privileged ? {} : await compiled;
        throwIfCancelled(ctx.signal);
        writeFileSync(join(bundle, "config.json"), JSON.stringify({ ...config, annotations }));
        return await runRuntime({
          runtime,
          state,
          bundle,
          container,
          process: spec,
          doors: cgroup?.doors ?? [],
          signal: ctx.signal,
        });
      } finally {
        removeFiles(bundle);
      }
    },
  };
}

/** A folder of files: two calls for each, where a recursive removal takes a millisecond. */
function removeFiles(folder: string): void {
  try {
    for (const name of readdirSync(folder)) unlinkSync(join(folder, name));
    rmdirSync(folder);
  } catch {
    rmSync(folder, { recursive: true, force: true });
  }
}

function once(action: () => void): () => void {
  let done = false;
  return () => {
    if (!done) action();
    done = true;
  };
}

/**
 * A runtime whose program could be overwritten copies it and starts again from the copy each time, so that no container reaches
 * the file through /proc/PID/exe; read-only it cannot be, and 3 ms a process are saved.
 */
function mountReadOnly(program: string): void {
  try {
    mountAll([{ type: "bind", source: program, target: "/", options: ["ro"] }], program);
  } catch {
    // then it copies itself
  }
}

const aptSettings = "/dev/slipway-apt.conf";
const otherUser = {
  type: "warning",
  message: "The process runs as root, not as the user that it names: this user namespace has one id",
  code: "SLIP_SANDBOX",
  hint: "install newuidmap and newgidmap (package uidmap) and give yourself ids in /etc/subuid and /etc/subgid",
} as const satisfies BuildEvent;

function isRoot({ user }: ProcessSpec): boolean {
  return user.uid === 0 && user.gid === 0;
}

/** The files that the process sees in place of the root's own, unless a volume of the caller is there. */
function hostFiles(bundle: string, spec: ProcessSpec, namespace: Namespace): HostFile[] {
  const { resolvConf, hosts } = networkFiles(spec.network, spec.hostname ?? "slipway", spec.extraHosts);
  const contents: (readonly [target: string, name: string, content: string])[] = [
    ["/etc/resolv.conf", "resolv.conf", resolvConf],
    ["/etc/hosts", "hosts", hosts],
  ];
  // apt checks that it became its sandbox user, and no seccomp rule can pretend that
  if (namespace.kind === "single-id") contents.push([aptSettings, "apt.conf", 'APT::Sandbox::User "root";\n']);
  const taken = new Set(spec.mounts.map(({ target }) => target));
  return contents
    .filter(([target]) => !taken.has(target))
    .map(([target, name, content]) => {
      const source = join(bundle, name);
      writeFileSync(source, content);
      chmodSync(source, 0o644);
      return { source, target };
    });
}

function withSettings(spec: ProcessSpec, files: readonly HostFile[]): ProcessSpec {
  const wanted = files.some(({ target }) => target === aptSettings);
  if (!wanted || spec.env.some((variable) => variable.startsWith("APT_CONFIG="))) return spec;
  return { ...spec, env: [...spec.env, `APT_CONFIG=${aptSettings}`] };
}

/** What must be there to be mounted on; what lies in a file system of the kernel's is made by the runtime. */
function mountPoints(spec: ProcessSpec, files: readonly HostFile[]): MountPoint[] {
  const volumes = spec.mounts.map(({ type, source, target }): MountPoint => {
    const folder = type !== "bind" || statSync(source).isDirectory();
    return { target, kind: folder ? "folder" : "file" };
  });
  return [
    ...kernelFolders.map((target): MountPoint => ({ target, kind: "folder" })),
    ...[...volumes, ...files.map(({ target }): MountPoint => ({ target, kind: "file" }))].filter(
      ({ target }) => !kernelFolders.some((folder) => target.startsWith(`${folder}/`)),
    ),
  ];
}

const week = 7 * 24 * 3600 * 1000;

/** Removes what a killed engine left. Whatever is younger may belong to one that runs. */
function sweep(folder: string, prefix: string): void {
  for (const name of readdirSync(folder)) {
    if (!name.startsWith(prefix)) continue;
    const path = join(folder, name);
    const age = Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Number.NaN);
    if (age > week) rmSync(path, { recursive: true, force: true });
  }
}
