import type { ArchiveLimits } from "../../layer/index.ts";
import type { StorageLimit } from "../../store/index.ts";
import { readConfig } from "./config-file.ts";

/**
 * The limit that the configuration sets to the store; undefined without one.
 * @throws SLIP_CONFIG
 */
export function readStorageLimit(env?: NodeJS.ProcessEnv): StorageLimit | undefined {
  return readConfig(env).storage.limit;
}

/**
 * What the configuration says of layers that are unpacked; undefined where it leaves all as usual.
 * @throws SLIP_CONFIG
 */
export function readUnpackLimits(env?: NodeJS.ProcessEnv): Partial<ArchiveLimits> | undefined {
  const { unpack } = readConfig(env).storage;
  return unpack === undefined ? undefined : { freely: unpack };
}
