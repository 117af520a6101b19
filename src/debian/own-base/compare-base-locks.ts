import type { BaseLock, LockedPackage } from "./base-lock.ts";

/** A package that one lock has otherwise than another. */
export interface BaseLockChange {
  readonly type: "added" | "moved" | "removed";
  readonly arch: string;
  readonly name: string;
  /** Versions; of packages with the same version other bytes came. */
  readonly before?: string | undefined;
  readonly after?: string | undefined;
}

/** What differs in the packages of two locks: another date of the archive alone is no change. */
export function compareBaseLocks(before: BaseLock | undefined, after: BaseLock): readonly BaseLockChange[] {
  const archs = [...new Set([...(before?.archs ?? []), ...after.archs].map(({ arch }) => arch))];
  return archs.flatMap((arch): readonly BaseLockChange[] => {
    const [old, now] = [byName(before, arch), byName(after, arch)];
    return [...new Set([...old.keys(), ...now.keys()])].sort().flatMap((name): readonly BaseLockChange[] => {
      const [was, is] = [old.get(name), now.get(name)];
      if (was?.sha256 === is?.sha256 && was?.use === is?.use) return [];
      const type = was ? (is ? "moved" : "removed") : "added";
      return [{ type, arch, name, before: was?.version, after: is?.version }];
    });
  });
}

function byName(lock: BaseLock | undefined, arch: string): ReadonlyMap<string, LockedPackage> {
  const packages = lock?.archs.find((one) => one.arch === arch)?.packages ?? [];
  return new Map(packages.map((one) => [one.name, one]));
}
