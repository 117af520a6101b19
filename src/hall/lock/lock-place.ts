import { readFileSync, type Stats, statSync } from "node:fs";
import { basename, dirname, isAbsolute, join, resolve } from "node:path";
import { SlipwayError } from "../../base/index.ts";
import { type LockFile, parseLock } from "../../lockfile/index.ts";
import type { BuildOptions } from "../api/api.ts";

/** The lock of a build, as it was read. */
export interface ReadLock extends LockFile {
  /** Its name for messages: `slipway.lock`. */
  readonly name: string;
  /** The folder that it lies in; paths in it are relative to that. */
  readonly folder: string;
}

type Place = Pick<BuildOptions, "context" | "dockerfile">;

/** Dockerfiles whose lock is `slipway.lock`; that of another is named for it, as its ignore file is. */
const usual = new Set(["dockerfile", "containerfile"]);

/**
 * Where the lock of a build lies: beside its Dockerfile.
 * @throws SLIP_LOCK for a Dockerfile that is no file of this machine.
 */
export function lockPlace({ context, dockerfile }: Place): string {
  const isFolder = statSync(context, { throwIfNoEntry: false })?.isDirectory() === true;
  const given = dockerfile ?? (isFolder ? join(context, "Dockerfile") : undefined);
  if (given === undefined || given === "-" || /^https?:\/\//.test(given) || (!isFolder && !isAbsolute(given))) {
    throw new SlipwayError({
      code: "SLIP_LOCK",
      message: "Cannot find a lock file: the Dockerfile is no file of this machine, beside which it would lie",
      hint: "name a Dockerfile of this machine with -f; where the context is no folder, by its whole path",
    });
  }
  const path = resolve(given);
  const name = basename(path);
  return join(dirname(path), usual.has(name.toLowerCase()) ? "slipway.lock" : `${name}.slipway.lock`);
}

/**
 * The lock of a build.
 * @throws SLIP_LOCK where there is none or it cannot be used.
 */
export function readLock(place: Place): ReadLock {
  const lock = findLock(lockPlace(place));
  if (lock) return lock;
  const file = lockPlace(place);
  throw new SlipwayError({
    code: "SLIP_LOCK",
    message: `Cannot build with --locked: there is no ${file}`,
    hint: `\`slipway lock ${place.context}\` writes it`,
  });
}

/** The lock in a file; undefined where there is no such file. */
export function findLock(file: string): ReadLock | undefined {
  const stat = statSync(file, { throwIfNoEntry: false });
  if (!stat) return undefined;
  const name = basename(file);
  return { ...parseLock(read(file, stat), name), name, folder: dirname(file) };
}

/** Larger than any lock file (bytes); the parser knows it more exactly. */
const largest = 4 << 20;

function read(file: string, stat: Stats): string {
  try {
    if (!stat.isFile()) throw new Error("it is no file");
    if (stat.size > largest) throw new Error(`it has ${stat.size} bytes, which no lock file has`);
    return readFileSync(file, "utf8");
  } catch (cause) {
    throw new SlipwayError({ code: "SLIP_LOCK", message: `Cannot read ${file}: ${(cause as Error).message}`, cause });
  }
}
