import { mountAll, unmount } from "../base/syscalls.ts";
import { SlipwayError } from "../base/index.ts";
import type { Namespace, Runtime } from "./contract.ts";
import { findProgram } from "./find-program.ts";

/** A program that the runtime runs at a moment of a container's life (OCI runtime-spec, config.md, "POSIX-platform Hooks"). */
export interface Hook {
  readonly path: string;
  readonly args: readonly string[];
}

export interface ShutRoot extends Disposable {
  /** To be run when the container's mounts are made, in its namespaces and before it has its root. */
  readonly hooks: readonly Hook[];
}

/**
 * Makes device nodes in a root dead: they can be made and copied, not opened. Docker has a device cgroup for that; here the mount
 * flag nodev does it, so that nobody reads a disk of the machine through a node of an image or of mknod. In a user namespace the
 * kernel sees to it by itself.
 */
export function shutDevices(root: string, readonly: boolean, namespace: Namespace, runtime: Runtime): ShutRoot {
  if (namespace.kind !== "root") return { hooks: [], [Symbol.dispose]: () => undefined };
  if (runtime.name === "crun") return { hooks: [remount(root, readonly)], [Symbol.dispose]: () => undefined };
  mountAll([{ type: "bind", source: root, target: "/", options: ["rbind", "nodev"] }], root);
  return { hooks: [], [Symbol.dispose]: () => unmount(root, { detach: true }) };
}

/** crun takes all flags off the root's mount while it sets it up, and readonly's way of coming back would take nodev off again. */
function remount(root: string, readonly: boolean): Hook {
  const path = findProgram("mount");
  if (path === undefined) {
    throw new SlipwayError({
      code: "SLIP_SANDBOX",
      message: "Cannot shut the devices of the machine off from a process: the program mount is not there",
      hint: "install the package mount (util-linux), or run as an ordinary user",
    });
  }
  const options = ["remount", "bind", "nodev", ...(readonly ? ["ro"] : [])];
  return { path, args: ["mount", "-n", "-o", options.join(","), "none", root] };
}
