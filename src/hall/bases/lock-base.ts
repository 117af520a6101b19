import { SlipwayError } from "../../base/index.ts";
import type { LockBaseOptions, LockedBase } from "../api/base-lock-api.ts";
import { callEngine } from "../engine/call-engine.ts";
import { isBaseFile } from "./named-base.ts";
import { findBaseLock, readBaseFile, requireBuiltIn, writeBaseLock } from "./own-base-files.ts";

/**
 * Asks the archive for the packages of a base that a file describes, and writes them beside the file, unless they are only to be checked.
 * Nothing of the packages themselves is fetched.
 * @throws SLIP_BASE, SLIP_LOCK for a lock that is to be checked and is not there, SLIP_NETWORK, SLIP_VERIFY, SLIP_PACKAGE, SLIP_OUTPUT
 */
export async function lockBase(options: LockBaseOptions): Promise<LockedBase> {
  const { signal, onEvent, check = false, ...given } = options;
  const { file } = options;
  if (!(await isBaseFile(file))) {
    await requireBuiltIn(file);
    throw new SlipwayError({
      code: "SLIP_USAGE",
      message: `Cannot lock ${file}: only a file that describes a base has a lock`,
      hint: `write one with the line \`extends: ${file}\`: slipway base lock FILE.yaml`,
    });
  }
  await readBaseFile({ name: file });
  const before = await oldLock(file, check);
  const { lock } = await callEngine("lock-base", given, { signal, onEvent });
  const { baseLockOf, compareBaseLocks, formatBaseLock } = await import("../../debian/index.ts");
  const changes = compareBaseLocks(before, lock);
  const packages = lock.archs.reduce((sum, one) => sum + one.packages.length, 0);
  const written = !check && (before === undefined || formatBaseLock(before) !== formatBaseLock(lock));
  if (written) await writeBaseLock(file, lock);
  return { file: baseLockOf(file), packages, archs: lock.archs.map(({ arch }) => arch), changes, written };
}

/** A lock that is written anew need not be readable; one that is checked must be there. */
async function oldLock(file: string, check: boolean) {
  let found: Awaited<ReturnType<typeof findBaseLock>>;
  try {
    found = await findBaseLock(file);
  } catch (error) {
    if (check) throw error;
    return undefined;
  }
  if (found || !check) return found?.lock;
  const { baseLockOf } = await import("../../debian/index.ts");
  throw new SlipwayError({
    code: "SLIP_LOCK",
    message: `Cannot check ${baseLockOf(file)}: it is not there`,
    hint: `\`slipway base lock ${file}\` writes it`,
  });
}
