import { didYouMean, parseByteSize } from "../../base/index.ts";
import type { StorageLimit } from "../../store/index.ts";
import { bad } from "./config-error.ts";

const members = ["max", "keep", "unpack"];
const hint = "docs/storage.md tells what storage may have";

/** The member `storage`. */
export interface StorageConfig {
  /** What the store may take; undefined without a limit. */
  readonly limit: StorageLimit | undefined;
  /** Bytes that a layer may unpack to, however few it is made of; undefined for the usual. */
  readonly unpack: number | undefined;
}

/**
 * The member `storage` of the configuration.
 * @param value what JSON.parse made of it.
 * @throws SLIP_CONFIG
 */
export function parseStorage(value: unknown, file: string): StorageConfig {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw bad(file, "storage must be an object", hint);
  }
  const odd = Object.keys(value).find((name) => !members.includes(name));
  if (odd !== undefined) {
    throw bad(file, `storage has the unknown member ${JSON.stringify(odd)}`, didYouMean(odd, members) ?? hint);
  }
  const { max, keep, unpack } = value as Record<string, unknown>;
  return { limit: limitOf(max, keep, file), unpack: size("unpack", unpack, file) };
}

function limitOf(maxText: unknown, keepText: unknown, file: string): StorageLimit | undefined {
  const max = size("max", maxText, file);
  const keep = size("keep", keepText, file);
  if (max === undefined) {
    if (keep !== undefined) throw bad(file, "storage has keep without max", hint);
    return undefined;
  }
  if (max === 0) throw bad(file, "storage.max must be more than 0", "leave it away for a store without limit");
  if (keep !== undefined && keep > max) throw bad(file, "storage.keep is more than storage.max", hint);
  return { max, keep: keep ?? Math.floor(max * 0.9), label: `storage.max ${String(maxText)}` };
}

/** A number of bytes, or text such as `20GB`. */
function size(name: string, value: unknown, file: string): number | undefined {
  if (value === undefined) return undefined;
  const bytes = typeof value === "string" ? parseByteSize(value) : value;
  if (Number.isSafeInteger(bytes) && (bytes as number) >= 0) return bytes as number;
  throw bad(file, `storage.${name} must be a size such as "20GB", and is ${JSON.stringify(value)}`, hint);
}
