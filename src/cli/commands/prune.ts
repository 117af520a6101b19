import { usage } from "../args.ts";
import { command } from "../command.ts";
import { formatSize, plural } from "../format.ts";

export const prune = command({
  name: "prune",
  usage: "[OPTIONS]",
  summary: "Delete what no image needs",
  description:
    "Deletes images without a name and cache that no image needs; with --all every image and the whole cache.",
  options: {
    all: { type: "flag", short: "a", help: "Images with names too, and all cache" },
    force: { type: "flag", short: "f", help: "Do not ask" },
    format: { type: "string", value: "json", choices: ["json"], help: "The figures as JSON" },
  },
  refused: { filter: "slipway prune takes no filter", volumes: "slipway has no volumes" },
  positionals: [0, 0],
  async run({ values }, io) {
    if (!values.force) {
      if (!io.stdinIsTTY())
        throw usage("slipway prune asks before it deletes, and standard input is no terminal", "add --force");
      const what = values.all
        ? "every image and the whole build cache"
        : "images without a name and cache that no image needs";
      io.stderr.write(`This deletes ${what}.\nContinue? [y/N] `);
      if (!/^y(?:es)?$/i.test((await io.readLine())?.trim() ?? "")) return 1;
    }
    const result = await (await io.library()).prune({ all: values.all, store: io.store, signal: io.signal });
    if (values.format === "json") {
      io.stdout.write(`${JSON.stringify(result)}\n`);
      return 0;
    }
    const parts = [
      plural(result.images, "image"),
      plural(result.snapshots, "snapshot"),
      plural(result.cacheRecords, "cache record"),
    ];
    io.stdout.write(`Deleted ${parts.join(", ")}\nTotal reclaimed space: ${formatSize(result.freed)}\n`);
    return 0;
  },
});
