import { readFileSync } from "node:fs";
import { idsHint, SlipwayError } from "../base/index.ts";
import type { ProcessUser } from "./contract.ts";

/**
 * Refuses with SLIP_SANDBOX a user whose ids this user namespace does not have; the runtime would fail with the kernel's words alone.
 * @param read gives a file of /proc.
 */
export function checkUser(
  { uid, gid, additionalGids }: ProcessUser,
  read: (path: string) => string = (path) => readFileSync(path, "utf8"),
): void {
  const kinds = [
    { kind: "user", ids: [uid], map: "/proc/self/uid_map" },
    { kind: "group", ids: [gid, ...additionalGids], map: "/proc/self/gid_map" },
  ];
  for (const { kind, ids, map } of kinds) {
    const ranges = idRanges(read(map));
    const foreign = ids.find((id) => !ranges.some(({ inside, count }) => id >= inside && id < inside + count));
    if (foreign === undefined) continue;
    throw new SlipwayError({
      code: "SLIP_SANDBOX",
      message: `Cannot run a process as ${kind} ${foreign}: this user namespace has no such id`,
      hint: idsHint,
    });
  }
}

/** One line of an id map (user_namespaces(7)): `count` ids from `inside` on are those from `outside` on. */
export interface IdRange {
  readonly inside: number;
  readonly outside: number;
  readonly count: number;
}

export function idRanges(map: string): readonly IdRange[] {
  return map
    .trim()
    .split("\n")
    .map((line) => {
      const [inside = 0, outside = 0, count = 0] = line.trim().split(/\s+/).map(Number);
      return { inside, outside, count };
    });
}
