import { readdirSync, readFileSync } from "node:fs";

/** A variable of the engine's process and of what started it, by whose value they are found. */
export const engineVariable = "SLIPWAY_ENGINE";

/**
 * Ends what unshare(1) leaves when the kernel refuses it a namespace: a child that was to call newuidmap waits for ever, and holds
 * the standard error that it inherited.
 */
export function endOrphans(engine: string): void {
  for (const pid of readdirSync("/proc")) {
    if (!/^\d+$/.test(pid) || !isOf(pid, `${engineVariable}=${engine}`)) continue;
    try {
      process.kill(Number(pid), "SIGKILL");
    } catch {
      // it has ended
    }
  }
}

function isOf(pid: string, variable: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/environ`, "utf8").split("\0").includes(variable);
  } catch {
    return false;
  }
}
