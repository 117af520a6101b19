import type { SlipwayError } from "../../base/index.ts";
import { command } from "../command.ts";

export const rmi = command({
  name: "rmi",
  usage: "[OPTIONS] IMAGE [IMAGE...]",
  summary: "Remove names and the images that have none left",
  options: {
    force: { type: "flag", short: "f", help: "Remove an image given by id with all its names" },
  },
  refused: { "no-prune": "layers stay as cache until slipway prune" },
  positionals: [1, Number.POSITIVE_INFINITY],
  missing: "name the image: slipway images lists them",
  async run({ values, positionals }, io) {
    const library = await io.library();
    const failures: SlipwayError[] = [];
    const { untagged, deleted } = await library.removeImages(positionals, {
      store: io.store,
      signal: io.signal,
      force: values.force,
      onFailure: (error) => failures.push(error),
    });
    io.stdout.write(
      [...untagged.map((name) => `Untagged: ${name}\n`), ...deleted.map((id) => `Deleted: ${id}\n`)].join(""),
    );
    const [first, ...others] = failures;
    if (first === undefined) return;
    const { printError } = await import("../print-error.ts");
    for (const error of others) await printError(error, io);
    throw first;
  },
});
