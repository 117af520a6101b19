import { didYouMean, parseByteSize, parseGoDuration } from "../base/index.ts";
import type { PruneOptions } from "../index.ts";
import { cut, usage } from "./args.ts";

type Filters = Pick<PruneOptions, "until" | "kinds" | "labels">;
type Kind = NonNullable<PruneOptions["kinds"]>[number];

/** What `type=` may be: docker's words, and those of slipway's own kinds. */
const kinds: Readonly<Record<string, readonly Kind[]>> = {
  regular: ["cache"],
  "exec.cachemount": ["cache mount"],
  image: ["image"],
  cache: ["cache"],
  "cache-mount": ["cache mount"],
  "failed-step": ["failed step"],
  archive: ["archive"],
  file: ["file"],
};

const names = ["until", "unused-for", "type", "label"];

/**
 * `--filter NAME=VALUE`, each (docker builder prune, docker system prune: "--filter"). Of `until` the earliest counts; kinds are joined, and
 * labels must all hold.
 * @param now milliseconds since the epoch.
 * @throws SLIP_USAGE
 */
export function parseFilters(given: readonly string[], now: number): Filters {
  let until: number | undefined;
  const wanted = new Set<Kind>();
  const labels: NonNullable<PruneOptions["labels"]>[number][] = [];
  for (const text of given) {
    const match = /^([a-z.-]+)(!?)=(.*)$/s.exec(text);
    const [, name = "", not = "", value = ""] = match ?? [];
    if (!match || !names.includes(name) || (not && name !== "label")) {
      const known = didYouMean(cut(text)[0], names) ?? `one of: ${[...names, "label!"].join(", ")}`;
      throw usage(`Unknown filter in --filter ${text}`, known);
    }
    if (name === "label") labels.push(label(text, value, not !== ""));
    else if (name === "type") for (const kind of kindsOf(text, value)) wanted.add(kind);
    else until = Math.min(until ?? Number.POSITIVE_INFINITY, timeOf(text, name, value, now));
  }
  // What has no labels has not those that are asked for.
  if (labels.length > 0 && wanted.size === 0) wanted.add("image");
  return {
    until,
    kinds: wanted.size > 0 ? [...wanted] : undefined,
    labels: labels.length > 0 ? labels : undefined,
  };
}

/** Bytes of `--reserved-space` and its like; undefined where it was not given. */
export function parseSpace(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const bytes = parseByteSize(text);
  if (bytes === undefined)
    throw usage(`Invalid value "${text}" for ${flag}`, "write a number of bytes, or 512MB, 20GB");
  return bytes;
}

function label(text: string, value: string, not: boolean): NonNullable<PruneOptions["labels"]>[number] {
  const [name, wanted] = cut(value);
  if (name === "") throw usage(`No label in --filter ${text}`, "write label=NAME or label=NAME=VALUE");
  return { name, value: wanted, not };
}

function kindsOf(text: string, value: string): readonly Kind[] {
  const found = Object.hasOwn(kinds, value) ? kinds[value] : undefined;
  if (found) return found;
  throw usage(`Unknown type in --filter ${text}`, `one of: ${Object.keys(kinds).join(", ")}`);
}

/** A Go duration before now, seconds since the epoch, or a date (docker's documentation, "until"). Dates without a zone are local. */
function timeOf(text: string, name: string, value: string, now: number): number {
  const duration = parseGoDuration(value);
  if (duration !== undefined && duration >= 0 && /[a-z]/.test(value)) return now - duration / 1e6;
  if (name === "until" && /^\d{1,12}(\.\d{1,9})?$/.test(value)) return Number(value) * 1000;
  const date = /^(\d{4}-\d\d-\d\d)(?:T(\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?)(Z|[+-]\d\d:\d\d)?)?$/.exec(value);
  if (name === "until" && date) {
    const time = Date.parse(`${date[1]}T${date[2] ?? "00:00"}${date[3] ?? ""}`);
    if (!Number.isNaN(time)) return time;
  }
  const forms = name === "until" ? "24h, 2026-11-20, 2026-11-20T10:00:00 or seconds since 1970" : "24h or 1h30m";
  throw usage(`Invalid time in --filter ${text}`, `write ${forms}`);
}
