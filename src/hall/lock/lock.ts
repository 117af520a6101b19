import { randomUUID } from "node:crypto";
import { renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { isSlipwayError, SlipwayError } from "../../base/index.ts";
import { compareLocks, entryKey, entryName, formatLock, type LockEntry } from "../../lockfile/index.ts";
import { familiarName, parseReference } from "../../oci/index.ts";
import type { LockOptions, LockResult } from "../api/lock-api.ts";
import { callEngine } from "../engine/call-engine.ts";
import { findLock, lockPlace } from "./lock-place.ts";

/**
 * Looks up what the lines of a Dockerfile take from elsewhere, and writes that beside it, unless it is only to be checked.
 * @throws SLIP_LOCK for a lock file that cannot be read, SLIP_USAGE for an update of what no line uses, SLIP_OUTPUT, and what lockInEngine throws
 */
export async function lock(options: LockOptions): Promise<LockResult> {
  const { signal, onEvent, update = [], check = false, ...given } = options;
  const file = lockPlace(options);
  const old = update.length === 0 ? readable(file, check) : (findLock(file) ?? undefined);
  const before = { entries: old?.entries ?? [] };
  const kept =
    update.length === 0 ? [] : before.entries.filter((entry) => !update.some((name) => isNamed(entry, name)));
  const job = { ...given, folder: dirname(file), kept };
  const { entries, places } = await callEngine("lock", job, { signal, onEvent });
  const missing = update.find((name) => !entries.some((entry) => isNamed(entry, name)));
  if (missing !== undefined) {
    throw new SlipwayError({
      code: "SLIP_USAGE",
      message: `Cannot update ${missing}: no line uses it`,
      hint:
        entries.length > 0 ? `lines use ${entries.map(entryName).join(", ")}` : "no line takes anything from elsewhere",
    });
  }
  const after = { entries };
  const changes = compareLocks(before, after).map((change) => ({
    ...change,
    places: "after" in change ? (places[entryKey(change.after)] ?? []) : [],
  }));
  const text = formatLock(after);
  const written = !check && (old === undefined || formatLock(before) !== text);
  if (written) write(file, text);
  return { file, dockerfile: options.dockerfile ?? "Dockerfile", entries: entries.length, changes, written };
}

/** A lock that is written anew need not be readable; one that is checked must be there. */
function readable(file: string, check: boolean): ReturnType<typeof findLock> {
  try {
    const found = findLock(file);
    if (found || !check) return found;
  } catch (error) {
    if (check || !isSlipwayError(error)) throw error;
    return undefined;
  }
  throw new SlipwayError({
    code: "SLIP_LOCK",
    message: `Cannot check ${file}: it is not there`,
    hint: "`slipway lock` writes it",
  });
}

/** As the lock file names it, as the Dockerfile may, or a repository without its reference. */
function isNamed(entry: LockEntry, name: string): boolean {
  if (entryName(entry) === name) return true;
  if (entry.kind === "git") return entry.remote === name;
  if (entry.kind === "file") return false;
  try {
    return familiarName(parseReference(name)) === entry.name;
  } catch {
    return false;
  }
}

function write(file: string, text: string): void {
  const half = `${file}.${randomUUID()}`;
  try {
    writeFileSync(half, text, { flag: "wx" });
    renameSync(half, file);
  } catch (cause) {
    rmSync(half, { force: true });
    throw new SlipwayError({
      code: "SLIP_OUTPUT",
      message: `Cannot write ${file}: ${(cause as Error).message}`,
      cause,
    });
  }
}
