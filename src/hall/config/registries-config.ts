import type { RegistriesConfig } from "../../registry/config.ts";
import { readConfig } from "./config-file.ts";

/**
 * What the configuration says of registries.
 * @throws SLIP_CONFIG
 */
export function readRegistriesConfig(env?: NodeJS.ProcessEnv): RegistriesConfig {
  return readConfig(env).registries;
}
