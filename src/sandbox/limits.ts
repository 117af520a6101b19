import { readFileSync } from "node:fs";
import type { Limit } from "./oci-config.ts";

/**
 * Limits of a contained process. Node raises its own limit of open files to the most it may have, and programs that close
 * every possible descriptor take minutes with that; a core dump would become part of the image.
 */
export function processLimits(): readonly Limit[] {
  const files = hardLimit("Max open files") ?? 1024;
  return [
    { type: "RLIMIT_NOFILE", soft: Math.min(1024, files), hard: Math.min(1_048_576, files) },
    { type: "RLIMIT_CORE", soft: 0, hard: 0 },
  ];
}

/** So that the kernel, short of memory, ends what runs in a container before the engine and the user's own programs. */
export function oomScore(): number | undefined {
  const wanted = 250;
  const own = Number(readFileSync("/proc/self/oom_score_adj", "utf8"));
  return own < wanted ? wanted : undefined;
}

function hardLimit(name: string): number | undefined {
  const line = readFileSync("/proc/self/limits", "utf8")
    .split("\n")
    .find((text) => text.startsWith(name));
  const value = line?.slice(name.length).trim().split(/\s+/)[1];
  return value === undefined || value === "unlimited" ? undefined : Number(value);
}
