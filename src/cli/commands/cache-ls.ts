import type { CacheMountSummary } from "../../index.ts";
import { cut, usage } from "../args.ts";
import { command } from "../command.ts";
import { formatAgo, formatSize } from "../format.ts";
import { matchesPattern } from "../names.ts";
import { columnsOf, table } from "../table.ts";
import { oneLine } from "./plan.ts";

export const cacheLs = command({
  name: "cache ls",
  usage: "[OPTIONS]",
  summary: "List cache mounts",
  description:
    "Lists what RUN --mount=type=cache keeps between builds. CACHE is the id in the Dockerfile, or the target; caches of one id that begin differently are several.",
  options: {
    filter: {
      type: "list",
      short: "f",
      value: "FILTER",
      help: "id=PATTERN, inuse=true|false, or until=DURATION: not used for that long (24h)",
    },
    format: { type: "string", value: "table|json", choices: ["table", "json"], help: "json prints an object a line" },
    quiet: { type: "flag", short: "q", help: "Ids alone" },
  },
  positionals: [0, 0],
  async run({ values }, io) {
    const filters = values.filter.map((text) => parseFilter(text, io.now()));
    const all = await (await io.library()).cacheMounts({ store: io.store, signal: io.signal });
    const mounts = all.filter((mount) => filters.every((filter) => filter(mount)));
    if (values.quiet) io.stdout.write(mounts.map(({ id }) => `${id}\n`).join(""));
    else if (values.format === "json") io.stdout.write(mounts.map((mount) => `${JSON.stringify(mount)}\n`).join(""));
    else {
      const rows = mounts.map(({ id, name, size, lastUsed, inUse, usedBy }) => [
        id,
        name,
        size === undefined ? "?" : formatSize(size),
        inUse ? "in use" : formatAgo(lastUsed, io.now()),
        oneLine(usedBy ?? ""),
      ]);
      io.stdout.write(
        table([["ID", "CACHE", "SIZE", "LAST USED", "USED BY"], ...rows], {
          columns: columnsOf(io.stdout),
          most: [12, 40, 10, 22, 60],
        }),
      );
    }
  },
});

function parseFilter(text: string, now: number): (mount: CacheMountSummary) => boolean {
  const [key, value = ""] = cut(text);
  if (key === "id" && value !== "") return ({ id, name }) => id === value || name === value || matches(name, value);
  if (key === "inuse" && /^(?:true|1)$/.test(value)) return ({ inUse }) => inUse;
  if (key === "inuse" && /^(?:false|0)$/.test(value)) return ({ inUse }) => !inUse;
  const [, count, unit = ""] = key === "until" ? (/^(\d+)([smhd])$/.exec(value) ?? []) : [];
  const length = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }[unit];
  if (count !== undefined && length !== undefined) return ({ lastUsed }) => lastUsed < now - Number(count) * length;
  throw usage(`Invalid filter "${text}"`, "id=PATTERN, inuse=true, inuse=false or until=24h");
}

/** Ids are often paths: a star crosses slashes here. */
function matches(name: string, pattern: string): boolean {
  return matchesPattern(name.replaceAll("/", "\0"), pattern.replaceAll("/", "\0"));
}
