import { parseRegistriesConfig, type RegistriesConfig } from "../../registry/index.ts";
import { readConfig } from "./config-file.ts";

/**
 * What the configuration says of registries.
 * @throws SLIP_CONFIG
 */
export function readRegistriesConfig(env: NodeJS.ProcessEnv = process.env): RegistriesConfig {
  const config = readConfig(env);
  return config?.registries === undefined ? new Map() : parseRegistriesConfig(config.registries, config.file);
}
