import { mountAll, setMountFlags, unmount } from "../base/syscalls.ts";
import type { Namespace } from "./contract.ts";

const nothing: Disposable = { [Symbol.dispose]: () => undefined };

/**
 * Makes device nodes in a root dead: they can be made and copied, not opened. Docker has a device cgroup for that; here the
 * mount flag does it. In a user namespace the kernel sees to it by itself.
 */
export function shutDevices(root: string, namespace: Namespace): Disposable {
  if (namespace.kind !== "root") return nothing;
  try {
    setMountFlags(root, ["nodev"]);
    return nothing;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EINVAL") throw error;
  }
  // a plain folder, no mount
  mountAll([{ type: "bind", source: root, target: "/", options: ["nodev"] }], root);
  return { [Symbol.dispose]: () => unmount(root, { detach: true }) };
}
