import type { ImageDetails } from "../../index.ts";
import { command } from "../command.ts";
import { formatAgo, formatSize, shortId } from "../format.ts";
import { columnsOf, table } from "../table.ts";
import { printable, truncate } from "../text.ts";

export const history = command({
  name: "history",
  usage: "[OPTIONS] IMAGE",
  summary: "List the steps that made an image, with their sizes",
  options: {
    format: { type: "string", value: "table|json", choices: ["table", "json"], help: "json prints an object a line" },
    human: { type: "flag", short: "H" },
    "no-trunc": { type: "flag", help: "Whole steps and image ids" },
    platform: {
      type: "string",
      value: "OS/ARCH[/VARIANT]",
      help: "Which image of a name for several platforms (default: the machine's own, or the first)",
    },
    quiet: { type: "flag", short: "q", help: "Image ids alone" },
  },
  positionals: [1, 1],
  missing: "name the image: slipway images lists them",
  async run({ values, positionals }, io) {
    const library = await io.library();
    const { platform } = values;
    const image = await library.inspectImage(positionals[0] ?? "", { platform, store: io.store, signal: io.signal });
    const rows = steps(image);
    const whole = values["no-trunc"];
    const id = (at: number): string => (at > 0 ? "<missing>" : whole ? image.id : shortId(image.id));
    const text = (by: string): string => (whole ? by : truncate(by, 45));
    if (values.quiet) {
      io.stdout.write(rows.map((_, at) => `${id(at)}\n`).join(""));
    } else if (values.format === "json") {
      const lines = rows.map((row, at) =>
        JSON.stringify({
          ID: id(at),
          CreatedAt: row.created > 0 ? new Date(row.created).toISOString() : "N/A",
          CreatedSince: formatAgo(row.created, io.now()),
          CreatedBy: text(row.by),
          Size: formatSize(row.size),
          Bytes: row.size,
          Comment: row.comment,
        }),
      );
      io.stdout.write(lines.map((line) => `${line}\n`).join(""));
    } else {
      const body = rows.map((row, at) => [
        id(at),
        formatAgo(row.created, io.now()),
        text(row.by),
        formatSize(row.size),
        row.comment,
      ]);
      io.stdout.write(
        table([["IMAGE", "CREATED", "CREATED BY", "SIZE", "COMMENT"], ...body], { columns: columnsOf(io.stdout) }),
      );
    }
  },
});

interface Row {
  readonly created: number;
  readonly by: string;
  readonly size: number;
  readonly comment: string;
}

/** The configuration's history, newest first; each entry that made a layer has that layer's size. */
function steps(image: ImageDetails): readonly Row[] {
  let layer = 0;
  return (image.config.history ?? [])
    .map((entry) => ({
      created: Date.parse(entry.created ?? "") || 0,
      by: printable((entry.created_by ?? "").replace(/\s+/g, " ")),
      size: entry.empty_layer === true ? 0 : (image.layerSizes[layer++] ?? 0),
      comment: printable(entry.comment ?? ""),
    }))
    .reverse();
}
