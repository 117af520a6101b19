import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { isAbsolute, join, resolve } from "node:path";

/**
 * Where slipway's configuration lies: what SLIPWAY_CONFIG names, else /etc/slipway/config.json for root and config.json in the folder of slipway below
 * XDG_CONFIG_HOME for others. Undefined where SLIPWAY_CONFIG is empty: then none is read.
 */
export function configFile(env: NodeJS.ProcessEnv = process.env): string | undefined {
  const { SLIPWAY_CONFIG: given, XDG_CONFIG_HOME: folder } = env;
  if (given !== undefined) return given === "" ? undefined : resolve(given);
  if (process.getuid?.() === 0) return "/etc/slipway/config.json";
  return join(folder !== undefined && isAbsolute(folder) ? folder : join(homedir(), ".config"), "slipway/config.json");
}

/** What SLIPWAY_CONFIG is for the engine: the file that this process would read. */
export function engineConfig(env: NodeJS.ProcessEnv = process.env): string {
  const file = configFile(env);
  // A file that nobody named may be missing.
  return file !== undefined && (env["SLIPWAY_CONFIG"] !== undefined || existsSync(file)) ? file : "";
}
