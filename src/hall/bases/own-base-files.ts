import { randomUUID } from "node:crypto";
import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import { SlipwayError } from "../../base/index.ts";
import type { BaseLock, LockSource, OwnBase } from "../../debian/index.ts";
import type { BuildBaseOptions } from "../api/base-api.ts";
import { builtInReference, isBaseFile } from "./named-base.ts";

type Asked = Pick<BuildBaseOptions, "name" | "suite" | "nonroot" | "debug" | "locked">;

/**
 * Reads the file that a base is asked for by; undefined for the name of a built-in base.
 * @throws SLIP_USAGE for options that the file itself says, SLIP_BASE and SLIP_LOCK for files that cannot be used.
 */
export async function readBaseFile(
  asked: Asked,
): Promise<{ readonly base: OwnBase; readonly source: LockSource | undefined } | undefined> {
  const { name, locked = false } = asked;
  if (!(await isBaseFile(name))) {
    if (!locked) return undefined;
    await requireBuiltIn(name);
    throw usage(
      `Cannot build ${name} with --locked: it is a built-in base, which has no lock`,
      `write a file with the line \`extends: ${name}\`, and lock that: slipway base lock FILE.yaml`,
    );
  }
  const given = [
    ...(asked.suite === undefined ? [] : [["--suite", `suite: ${asked.suite}`]]),
    ...(asked.nonroot || asked.debug
      ? [["--variant", `variant: ${[asked.debug && "debug", asked.nonroot && "nonroot"].filter(Boolean).join("-")}`]]
      : []),
  ];
  const [flag] = given;
  if (flag) throw usage(`Cannot build ${name} with ${flag[0]}: the file says that`, `write ${flag[1]} in the file`);
  const { readOwnBase } = await import("../../debian/index.ts");
  const base = await readOwnBase(name);
  return { base, source: locked ? await requireLock(name) : undefined };
}

/** Throws SLIP_IMAGE_UNKNOWN for a name that is neither a file's nor a built-in base's. */
export async function requireBuiltIn(name: string): Promise<void> {
  const { isBuiltInName, builtInSuite } = await import("../../debian/index.ts");
  if (!isBuiltInName(name)) await builtInReference({ name, suite: builtInSuite(), nonroot: false, debug: false });
}

/** The lock beside a file. Throws SLIP_LOCK where there is none. */
async function requireLock(file: string): Promise<LockSource> {
  const source = await findBaseLock(file);
  if (source) return source;
  const { baseLockOf } = await import("../../debian/index.ts");
  throw new SlipwayError({
    code: "SLIP_LOCK",
    message: `Cannot build ${file} with --locked: there is no ${baseLockOf(file)}`,
    hint: `\`slipway base lock ${file}\` writes it`,
  });
}

/** The lock beside a file; undefined where there is none. Throws SLIP_LOCK for one that cannot be used. */
export async function findBaseLock(base: string): Promise<LockSource | undefined> {
  const { baseLockOf, parseBaseLock } = await import("../../debian/index.ts");
  const path = baseLockOf(base);
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw new SlipwayError({ code: "SLIP_LOCK", message: `Cannot read ${path}: ${(cause as Error).message}`, cause });
  }
  return { lock: await parseBaseLock(text, path), file: basename(path), base };
}

/** Writes the lock beside a file, whole or not at all. Throws SLIP_OUTPUT. */
export async function writeBaseLock(base: string, lock: BaseLock): Promise<string> {
  const { baseLockOf, formatBaseLock } = await import("../../debian/index.ts");
  const path = baseLockOf(base);
  const half = `${path}.${randomUUID()}`;
  try {
    writeFileSync(half, formatBaseLock(lock), { flag: "wx" });
    renameSync(half, path);
  } catch (cause) {
    rmSync(half, { force: true });
    throw new SlipwayError({
      code: "SLIP_OUTPUT",
      message: `Cannot write ${path}: ${(cause as Error).message}`,
      hint: "the lock lies beside the file that describes the base",
      cause,
    });
  }
  return path;
}

function usage(message: string, hint: string): SlipwayError {
  return new SlipwayError({ code: "SLIP_USAGE", message, hint });
}
