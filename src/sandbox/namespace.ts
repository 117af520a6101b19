import { readFileSync, readlinkSync } from "node:fs";
import { SlipwayError } from "../base/index.ts";
import { mountAll, unshareMounts } from "../base/syscalls.ts";
import { idRanges } from "./check-user.ts";
import type { Namespace } from "./contract.ts";
import { callerVariable, refusal } from "./namespace-command.ts";

/**
 * The first thing that the engine process does: after it, mounts of this process and its children are seen by nobody else and
 * vanish with them. Synchronous, because it must come before Node's thread pool starts.
 * Throws SLIP_SANDBOX when the kernel refuses.
 */
export function enterNamespace(): Namespace {
  const caller = process.env[callerVariable];
  delete process.env[callerVariable];
  // unshare(1) has cut the mounts off already
  const inside = caller !== undefined && caller !== readlinkSync("/proc/self/ns/mnt");
  if (!inside) unshareHere();
  if (process.pid === 1) mountProc();
  const kind = namespaceKind(readFileSync("/proc/self/uid_map", "utf8"));
  return { kind, overlayXattrs: kind === "root" ? "trusted" : "user" };
}

/** What the id map of a user namespace (user_namespaces(7)) makes of it. */
function namespaceKind(uidMap: string): Namespace["kind"] {
  const ranges = idRanges(uidMap);
  const ids = ranges.reduce((sum, { count }) => sum + count, 0);
  if (ids === 1) return "single-id";
  const [first] = ranges;
  return ranges.length === 1 && first?.inside === 0 && first.outside === 0 && ids === 0xffffffff ? "root" : "subids";
}

function unshareHere(): void {
  if (process.geteuid?.() !== 0) throw refusal();
  try {
    unshareMounts();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EPERM") throw refusal();
    throw error;
  }
}

/** The processes of the new pid namespace, in place of the outer ones. */
function mountProc(): void {
  try {
    mountAll([{ type: "proc", source: "proc", target: "/proc", options: ["nosuid", "nodev", "noexec"] }], "/");
  } catch (cause) {
    throw new SlipwayError({
      code: "SLIP_SANDBOX",
      message: `Cannot mount /proc in a namespace: ${(cause as Error).message}`,
      hint: "inside a container, start that one with --privileged (or --security-opt systempaths=unconfined)",
      cause,
    });
  }
}
