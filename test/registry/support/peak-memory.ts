import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

/** The most that a process and all below it had resident at once (bytes), looked at every few milliseconds; pages that they share count for each. */
export async function peakMemory(
  child: ChildProcess,
): Promise<{ readonly peak: number; readonly code: number | null }> {
  let peak = 0;

  const state = { ended: child.exitCode !== null };
  const end = once(child, "exit").finally(() => (state.ended = true));
  while (!state.ended) {
    peak = Math.max(peak, residentBelow(child.pid as number));
    await sleep(15);
  }
  const [code] = (await end) as [number | null];
  return { peak, code };
}

function residentBelow(root: number): number {
  const parents = new Map<number, number>();
  const resident = new Map<number, number>();
  for (const name of readdirSync("/proc").filter((entry) => /^\d+$/.test(entry))) {
    try {
      const status = readFileSync(`/proc/${name}/status`, "utf8");
      parents.set(Number(name), Number(/^PPid:\s+(\d+)/m.exec(status)?.[1]));
      resident.set(Number(name), Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0) * 1024);
    } catch {
      // Ended meanwhile.
    }
  }
  const isBelow = (pid: number): boolean => {
    for (let at: number | undefined = pid; at !== undefined && at > 0; at = parents.get(at))
      if (at === root) return true;
    return false;
  };
  return [...resident].reduce((sum, [pid, bytes]) => sum + (isBelow(pid) ? bytes : 0), 0);
}
