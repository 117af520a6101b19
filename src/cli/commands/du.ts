import { command } from "../command.ts";
import { formatSize } from "../format.ts";
import { table } from "../table.ts";

export const du = command({
  name: "du",
  usage: "[OPTIONS]",
  summary: "Show what the store holds and what could be freed",
  options: {
    format: { type: "string", value: "table|json", choices: ["table", "json"], help: "json prints an object a line" },
  },
  refused: {
    verbose: "slipway images lists each image with its size",
    v: "slipway images lists each image with its size",
  },
  positionals: [0, 0],
  async run({ values }, io) {
    const { rows } = await (await io.library()).diskUsage({ store: io.store, signal: io.signal });
    if (values.format === "json") {
      io.stdout.write(rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
      return;
    }
    const body = rows.map(({ type, count, active, size, reclaimable }) => {
      const share = size > 0 ? ` (${Math.round((100 * reclaimable) / size)}%)` : "";
      return [type, String(count), String(active), formatSize(size), `${formatSize(reclaimable)}${share}`];
    });
    io.stdout.write(table([["TYPE", "TOTAL", "ACTIVE", "SIZE", "RECLAIMABLE"], ...body]));
  },
});
