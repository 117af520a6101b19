import { command } from "../command.ts";
import type { PastEviction } from "../../index.ts";
import { formatAgo, formatSize } from "../format.ts";
import type { CommandIo } from "../io.ts";
import { columnsOf, table } from "../table.ts";
import { printable } from "../text.ts";

export const du = command({
  name: "du",
  usage: "[OPTIONS]",
  summary: "Show what the store holds and what could be freed",
  description:
    "SIZE is what lies on the disk, each byte counted once. RECLAIMABLE is what slipway prune frees, WITH --ALL what slipway prune --all does.",
  options: {
    evicted: { type: "flag", help: "List what was evicted to keep the store within storage.max, latest first" },
    format: { type: "string", value: "table|json", choices: ["table", "json"], help: "json prints an object a line" },
  },
  refused: {
    verbose: "slipway images lists each image with its size",
    v: "slipway images lists each image with its size",
  },
  positionals: [0, 0],
  async run({ values }, io) {
    if (values.evicted) {
      const past = await (await io.library()).evictions({ store: io.store, signal: io.signal });
      io.stdout.write(
        values.format === "json" ? past.map((one) => `${JSON.stringify(one)}\n`).join("") : evictedTable(past, io),
      );
      return;
    }
    const { rows, total, limit } = await (await io.library()).diskUsage({ store: io.store, signal: io.signal });
    if (values.format === "json") {
      io.stdout.write(rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
      return;
    }
    const line = (size: number, free: number, all: number): readonly string[] => {
      const share = (bytes: number): string => (bytes > 0 ? ` (${Math.round((100 * bytes) / size)}%)` : "");
      return [formatSize(size), `${formatSize(free)}${share(free)}`, `${formatSize(all)}${share(all)}`];
    };
    const sum = (key: "reclaimable" | "reclaimableWithAll"): number => rows.reduce((bytes, row) => bytes + row[key], 0);
    io.stdout.write(
      table(
        [
          ["TYPE", "TOTAL", "ACTIVE", "SIZE", "RECLAIMABLE", "WITH --ALL"],
          ...rows.map((row) => [
            row.type,
            String(row.count),
            String(row.active),
            ...line(row.size, row.reclaimable, row.reclaimableWithAll),
          ]),
          ["all", "", "", ...line(total, sum("reclaimable"), sum("reclaimableWithAll"))],
        ],
        { columns: columnsOf(io.stdout) },
      ),
    );
    if (limit) {
      const share = Math.round((100 * total) / limit.max);
      io.stdout.write(`${printable(limit.label)} allows ${formatSize(limit.max)}: ${share}% of it is taken\n`);
    }
  },
});

function evictedTable(past: readonly PastEviction[], io: CommandIo): string {
  const rows = past.map(({ time, kind, name, bytes, lastUsed, cap }) => [
    new Date(time).toISOString().slice(0, 16).replace("T", " "),
    kind,
    printable(name.replace(/\s+/g, " ")),
    formatSize(bytes),
    formatAgo(lastUsed, time).replace(/ ago$/, " before"),
    printable(cap),
  ]);
  return table([["EVICTED", "KIND", "NAME", "SIZE", "LAST USED", "LIMIT"], ...rows], { columns: columnsOf(io.stdout) });
}
