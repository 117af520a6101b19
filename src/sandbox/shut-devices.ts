import { mountAll, unmount } from "../base/syscalls.ts";
import type { Namespace, ProcessSpec, Runtime } from "./contract.ts";
import type { OciMount } from "./oci-config.ts";

export interface ShutRoot extends Disposable {
  /** What config.json has to say about the mount of the root, before all other mounts. */
  readonly mounts: readonly OciMount[];
  /** The mount is read-only already, where that was asked for. */
  readonly readonly: boolean;
}

/**
 * Makes device nodes in a root dead: they can be made and copied, not opened. Docker has a device cgroup for that; here the mount
 * flag nodev does it, so that nobody reads a disk of the machine through a node of an image or of mknod. In a user namespace the
 * kernel sees to it by itself.
 */
export function shutDevices(
  { root, readonlyRoot: readonly = false, privileged }: ProcessSpec,
  namespace: Namespace,
  runtime: Runtime,
): ShutRoot {
  if (namespace.kind !== "root" || privileged)
    return { mounts: [], readonly: false, [Symbol.dispose]: () => undefined };
  if (runtime.name === "runc") {
    // runc keeps these flags, but drops nodev when it makes a root read-only itself
    const options = ["rbind", "nodev", ...(readonly ? ["ro"] : [])];
    mountAll([{ type: "bind", source: root, target: "/", options }], root);
    return { mounts: [], readonly, [Symbol.dispose]: () => unmount(root, { detach: true }) };
  }
  // crun binds the root without flags, and takes those of the root off that way; "/" itself it does not remount, "/." it does
  const options = ["remount", "bind", "nodev", ...(readonly ? ["ro"] : [])];
  return {
    mounts: [{ destination: "/.", type: "bind", source: root, options }],
    readonly,
    [Symbol.dispose]: () => undefined,
  };
}
