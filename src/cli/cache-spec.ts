import { didYouMean, SlipwayError } from "../base/index.ts";
import type { CacheSpec } from "../index.ts";
import { usage } from "./args.ts";
import { csvFields } from "./csv.ts";

const types = ["registry", "local", "inline"] as const;

/** Kinds of BuildKit's that keep the cache in a service of their own. */
const refused: Readonly<Record<string, string>> = {
  gha: "use type=registry,ref=ghcr.io/OWNER/REPO:cache, or type=local with a folder that actions/cache keeps",
  s3: "use type=registry, or type=local with a folder that is synchronised with the bucket",
  azblob: "use type=registry, or type=local with a folder that is synchronised with the container",
};

/**
 * One `--cache-from` or `--cache-to`: `type=registry,ref=NAME`, or names alone. `mounts` may be a list: what follows it without a `=` belongs to it.
 * @param flag for messages.
 * @throws SLIP_USAGE, SLIP_UNSUPPORTED
 */
export function parseCaches(flag: "--cache-from" | "--cache-to", text: string): readonly CacheSpec[] {
  if (text === "") throw usage(`Empty value for ${flag}`, "write type=registry,ref=NAME");
  const fields = csvFields(flag, text);
  if (fields.every(([, value]) => value === undefined))
    return fields.map(([ref]) => ({ type: "registry", attributes: { ref } }));
  const attributes: Record<string, string> = {};
  let last = "";
  for (const [key, value] of fields) {
    if (value === undefined && last === "mounts") attributes["mounts"] += `,${key}`;
    else if (value === undefined) throw usage(`Invalid field "${key}" in ${flag} ${text}`, "fields are key=value");
    else {
      last = key.trim().toLowerCase();
      attributes[last] = value;
    }
  }
  const { type, ...rest } = attributes;
  if (type === undefined) throw usage(`No type in ${flag} ${text}`, `add type=, one of: ${types.join(", ")}`);
  const instead = refused[type];
  if (instead !== undefined) {
    throw new SlipwayError({
      code: "SLIP_UNSUPPORTED",
      message: `${flag} type=${type} is not supported`,
      hint: instead,
    });
  }
  const known = types.find((one) => one === type);
  if (known === undefined)
    throw usage(`Unknown type "${type}" in ${flag}`, didYouMean(type, types) ?? `one of: ${types.join(", ")}`);
  return [{ type: known, attributes: rest }];
}
