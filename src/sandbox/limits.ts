import { readFileSync } from "node:fs";
import type { Ulimit } from "../base/index.ts";
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

/** RLIM_INFINITY, which no JavaScript number is. */
const infinity = (JSON as unknown as { readonly rawJSON: (text: string) => object }).rawJSON("18446744073709551615");

/** The limits with those that were asked for in their place. */
export function withUlimits(limits: readonly Limit[], ulimits: readonly Ulimit[] = []): readonly Limit[] {
  const bound = (value: number): Limit["soft"] => (value < 0 ? infinity : value);
  const asked = ulimits.map(({ name, soft, hard }) => ({
    type: `RLIMIT_${name.toUpperCase()}`,
    soft: bound(soft),
    hard: bound(hard),
  }));
  return [...limits.filter(({ type }) => !asked.some((one) => one.type === type)), ...asked];
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
