import { dirname, resolve } from "node:path";
import { didYouMean } from "../../base/index.ts";
import { bad } from "./config-error.ts";

const members = ["keyring"];
const hint = "docs/distroless.md tells what debian may have";

/** The member `debian`. */
export interface DebianConfig {
  /** File with the keys that an archive's signature is checked by; undefined for Debian's own. */
  readonly keyring: string | undefined;
}

/**
 * The member `debian` of the configuration.
 * @param value what JSON.parse made of it.
 * @param file paths are relative to its folder.
 * @throws SLIP_CONFIG
 */
export function parseDebian(value: unknown, file: string): DebianConfig {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw bad(file, "debian must be an object", hint);
  }
  const odd = Object.keys(value).find((name) => !members.includes(name));
  if (odd !== undefined) {
    throw bad(file, `debian has the unknown member ${JSON.stringify(odd)}`, didYouMean(odd, members) ?? hint);
  }
  const { keyring } = value as Record<string, unknown>;
  if (keyring !== undefined && (typeof keyring !== "string" || keyring === "")) {
    throw bad(file, `debian.keyring must be the path of a file, and is ${JSON.stringify(keyring)}`, hint);
  }
  return { keyring: keyring === undefined ? undefined : resolve(dirname(file), keyring) };
}
