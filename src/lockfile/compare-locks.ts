import type { LockEntry, LockFile } from "./contract.ts";
import { entryKey, entryName, pinned } from "./entry.ts";

/** What became of one entry. */
export type LockChange =
  | { readonly type: "added"; readonly after: LockEntry }
  | { readonly type: "moved"; readonly before: LockEntry; readonly after: LockEntry }
  | { readonly type: "removed"; readonly before: LockEntry };

/** What has changed between two lock files, in the order of the second, then what only the first has. Which lines use an entry does not count. */
export function compareLocks(before: LockFile, after: LockFile): readonly LockChange[] {
  const old = new Map(before.entries.map((entry) => [entryKey(entry), entry]));
  const changes: LockChange[] = [];
  const replaced = new Set<LockEntry>();
  for (const entry of after.entries) {
    // An image may come from elsewhere now, and then has another key.
    const was =
      old.get(entryKey(entry)) ??
      before.entries.find((other) => entry.kind === "image" && isImageOf(other, entry.name, "platform" in entry));
    if (was) replaced.add(was);
    if (!was) changes.push({ type: "added", after: entry });
    else if (pinned(was) !== pinned(entry)) changes.push({ type: "moved", before: was, after: entry });
  }
  const gone = before.entries.filter((entry) => !replaced.has(entry));
  return [...changes, ...gone.map((entry) => ({ type: "removed" as const, before: entry }))];
}

function isImageOf(entry: LockEntry, name: string, hasPlatform: boolean): boolean {
  return entry.kind === "image" && entryName(entry) === name && "platform" in entry !== hasPlatform;
}
