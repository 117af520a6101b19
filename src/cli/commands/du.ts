import { command } from "../command.ts";
import { formatSize } from "../format.ts";
import { columnsOf, table } from "../table.ts";

export const du = command({
  name: "du",
  usage: "[OPTIONS]",
  summary: "Show what the store holds and what could be freed",
  description:
    "SIZE is what lies on the disk, each byte counted once. RECLAIMABLE is what slipway prune frees, WITH --ALL what slipway prune --all does.",
  options: {
    format: { type: "string", value: "table|json", choices: ["table", "json"], help: "json prints an object a line" },
  },
  refused: {
    verbose: "slipway images lists each image with its size",
    v: "slipway images lists each image with its size",
  },
  positionals: [0, 0],
  async run({ values }, io) {
    const { rows, total } = await (await io.library()).diskUsage({ store: io.store, signal: io.signal });
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
  },
});
