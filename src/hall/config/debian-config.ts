import { resolve } from "node:path";
import { readConfig } from "./config-file.ts";

/**
 * The file with the keys that Debian archives must be signed by: what an option names, else SLIPWAY_DEBIAN_KEYRING, else the configuration.
 * @returns undefined for the keys that slipway ships, which are Debian's.
 * @throws SLIP_CONFIG
 */
export function debianKeyring(
  { debianKeyring: given }: { readonly debianKeyring?: string | undefined },
  env: NodeJS.ProcessEnv = process.env,
): string | undefined {
  const named = given ?? env["SLIPWAY_DEBIAN_KEYRING"];
  return named === undefined || named === "" ? readConfig(env).debian.keyring : resolve(named);
}
