import { existsSync } from "node:fs";
import { SlipwayError } from "../base/index.ts";

/** True when the kernel has what the configuration of a process asks for. */
export function probeKernel(): true | SlipwayError {
  const missing = [
    ...["pid", "ipc", "uts", "mnt"].map((name) => [`/proc/self/ns/${name}`, `${name} namespaces`] as const),
    ["/proc/sys/kernel/seccomp", "seccomp filters"] as const,
  ].filter(([file]) => !existsSync(file));
  if (missing.length === 0) return true;
  return new SlipwayError({
    code: "SLIP_SANDBOX",
    message: `Cannot run processes in a sandbox: this kernel has no ${missing.map(([, what]) => what).join(", no ")}`,
    hint: "use a kernel with namespaces and CONFIG_SECCOMP_FILTER, as every distribution ships",
  });
}
