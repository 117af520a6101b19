import { readFileSync } from "node:fs";
import { didYouMean } from "../../base/index.ts";
import { parseRegistriesConfig, type RegistriesConfig } from "../../registry/config.ts";
import { bad } from "./config-error.ts";
import { configFile } from "./config-place.ts";
import { type DebianConfig, parseDebian } from "./parse-debian.ts";
import { parseStorage, type StorageConfig } from "./parse-storage.ts";

/** What slipway's configuration holds. */
export interface Config {
  readonly registries: RegistriesConfig;
  readonly storage: StorageConfig;
  readonly debian: DebianConfig;
}

const readers = { registries: parseRegistriesConfig, storage: parseStorage, debian: parseDebian };
const members = Object.keys(readers);
const none: Config = {
  registries: new Map(),
  storage: { limit: undefined, unpack: undefined },
  debian: { keyring: undefined },
};

/**
 * The configuration, all of it checked, whatever part of it is wanted. A file that nobody named may be missing.
 * @throws SLIP_CONFIG
 */
export function readConfig(env: NodeJS.ProcessEnv = process.env): Config {
  const file = configFile(env);
  const text = file === undefined ? undefined : read(file, env["SLIPWAY_CONFIG"] !== undefined);
  if (file === undefined || text === undefined) return none;
  const { registries, storage, debian } = parse(text, file);
  return {
    registries: registries === undefined ? none.registries : readers.registries(registries, file),
    storage: storage === undefined ? none.storage : readers.storage(storage, file),
    debian: debian === undefined ? none.debian : readers.debian(debian, file),
  };
}

/**
 * Reads the configuration, for those whose work it is nothing to: a mistake in it is told by whichever command comes first.
 * @throws SLIP_CONFIG
 */
export function checkConfig(env?: NodeJS.ProcessEnv): void {
  readConfig(env);
}

function read(file: string, named: boolean): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT" && !named) return undefined;
    const hint = named ? "SLIPWAY_CONFIG names it; without that variable it may be missing" : undefined;
    throw bad(file, (cause as Error).message, hint, cause);
  }
}

function parse(text: string, file: string): { readonly [K in keyof Config]?: unknown } {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw bad(file, `it is not JSON: ${(cause as Error).message}`, undefined, cause);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw bad(file, "it must hold an object");
  const odd = Object.keys(value).find((name) => !members.includes(name));
  if (odd !== undefined) {
    throw bad(
      file,
      `it has the unknown member ${JSON.stringify(odd)}`,
      didYouMean(odd, members) ?? `it may have ${members.join(" and ")}`,
    );
  }
  return value;
}
