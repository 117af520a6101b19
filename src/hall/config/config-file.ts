import { readFileSync } from "node:fs";
import { didYouMean, SlipwayError } from "../../base/index.ts";
import { configFile } from "./config-place.ts";

const members = ["registries", "storage"];

/** What slipway's configuration holds, as its rooms read it. */
export interface ConfigFile {
  readonly file: string;
  readonly registries?: unknown;
  readonly storage?: unknown;
}

/**
 * The configuration; undefined where there is none. A file that nobody named may be missing.
 * @throws SLIP_CONFIG
 */
export function readConfig(env: NodeJS.ProcessEnv = process.env): ConfigFile | undefined {
  const file = configFile(env);
  const text = file === undefined ? undefined : read(file, env["SLIPWAY_CONFIG"] !== undefined);
  return file === undefined || text === undefined ? undefined : { ...parse(text, file), file };
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

function parse(text: string, file: string): Omit<ConfigFile, "file"> {
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

/** SLIP_CONFIG: what is wrong with the file. */
export function bad(
  file: string,
  problem: string,
  hint = "docs/registries.md tells what may stand there",
  cause?: unknown,
) {
  return new SlipwayError({ code: "SLIP_CONFIG", message: `Cannot use ${file}: ${problem}`, hint, cause });
}
