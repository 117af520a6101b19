import type { LockEntry } from "./contract.ts";

/** What an entry is found by: two of a lock file never share it. */
export function entryKey(entry: LockEntry): string {
  switch (entry.kind) {
    case "image":
      return `image ${entry.name}${"platform" in entry ? ` ${entry.platform}` : ""}`;
    case "file":
      return `file ${entry.url}`;
    case "git":
      return `git ${entry.remote}#${entry.ref ?? ""}`;
  }
}

/** What people know it by: what `slipway lock --update` takes. */
export function entryName(entry: LockEntry): string {
  switch (entry.kind) {
    case "image":
      return entry.name;
    case "file":
      return entry.url;
    case "git":
      return entry.ref === undefined ? entry.remote : `${entry.remote}#${entry.ref}`;
  }
}

/** What it is locked to, in short: `sha256:...`, `bookworm 12.15 of 2026-07-11, packages sha256:...`, a commit. */
export function entryValue(entry: LockEntry): string {
  if (entry.kind === "git") return entry.commit;
  if (entry.kind === "file") return entry.digest;
  switch (entry.source) {
    case "archive":
      return `archive ${entry.release} of ${entry.date.slice(0, 10)}, packages ${entry.packages}`;
    case "store":
      return `image ${entry.id}`;
    default:
      return entry.digest;
  }
}

/** What has to be the same for nothing to have moved. The date of an archive is for people: its releases are signed anew though nothing has changed. */
export function pinned(entry: LockEntry): string {
  if (entry.kind === "git") return entry.commit;
  if (entry.kind === "file") return entry.digest;
  if (entry.source === "archive") return `archive ${entry.packages}`;
  return entry.source === "store" ? `store ${entry.id}` : entry.digest;
}
