import type { StorageLimit } from "../../store/index.ts";
import { readConfig } from "./config-file.ts";

/**
 * The limit that the configuration sets to the store; undefined without one.
 * @throws SLIP_CONFIG
 */
export function readStorageLimit(env?: NodeJS.ProcessEnv): StorageLimit | undefined {
  return readConfig(env).storage;
}
