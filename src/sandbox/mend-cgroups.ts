import { existsSync } from "node:fs";
import { mountAll } from "../base/syscalls.ts";
import type { Namespace, Runtime } from "./contract.ts";

let mended = false;

/**
 * crun before 1.9 refuses to work where cgroup v2 lies beside v1 ("hybrid"), even when it is to leave cgroups alone. It looks at
 * /sys/fs/cgroup alone, so there a pure v2 is shown, or nothing. runc in a user namespace must see what there is: it takes
 * "permission denied" for an answer, but not "no such file".
 */
export function mendCgroups({ kind }: Namespace, runtime: Runtime): void {
  if (mended || !existsSync("/sys/fs/cgroup/unified")) return;
  if (kind !== "root" && runtime.name === "runc") return;
  mended = true;
  const target = "/sys/fs/cgroup";
  if (kind === "root") {
    try {
      mountAll([{ type: "cgroup2", source: "cgroup2", target, options: ["nosuid", "nodev", "noexec"] }], "/");
      return;
    } catch {
      // not delegated to this container: nothing is shown instead
    }
  }
  mountAll([{ type: "tmpfs", source: "tmpfs", target, options: ["nosuid", "nodev", "noexec", "mode=755"] }], "/");
}
