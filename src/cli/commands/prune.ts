import { SlipwayError } from "../../base/index.ts";
import { usage } from "../args.ts";
import { command } from "../command.ts";
import { formatSize, plural } from "../format.ts";
import { parseFilters, parseSpace } from "../prune-filters.ts";

export const prune = command({
  name: "prune",
  usage: "[OPTIONS]",
  summary: "Delete what no image needs",
  description:
    "Deletes images without a name, stages that were left behind, what failed steps left, cache mounts and fetched packages. With --all also bases that a build makes again, the cache of the images that stay, and their layer archives. Images that were built and have a name stay: slipway rmi removes those.",
  options: {
    all: { type: "flag", short: "a", help: "Bases, which a build makes again, and all cache too" },
    filter: {
      type: "list",
      value: "NAME=VALUE",
      help: "Only what was not used since until=24h or a date, of type=cache, cache-mount, image, failed-step, archive or file, and images with label=NAME",
    },
    "reserved-space": {
      type: "string",
      aliases: ["keep-storage"],
      value: "BYTES",
      help: "Keep so much of the cache, what was used last: 10GB",
    },
    "max-used-space": { type: "string", value: "BYTES", help: "Delete of the cache until it takes no more than this" },
    "min-free-space": { type: "string", value: "BYTES", help: "Delete of the cache until the disk has so much free" },
    "dry-run": { type: "flag", help: "Tell what would be deleted, and delete nothing" },
    force: { type: "flag", short: "f", help: "Do not ask" },
    format: { type: "string", value: "json", choices: ["json"], help: "The figures as JSON" },
  },
  refused: { volumes: "slipway has no volumes" },
  positionals: [0, 0],
  async run({ values }, io) {
    const options = {
      all: values.all,
      ...parseFilters(values.filter, io.now()),
      reservedSpace: parseSpace("--reserved-space", values["reserved-space"]),
      maxUsedSpace: parseSpace("--max-used-space", values["max-used-space"]),
      minFreeSpace: parseSpace("--min-free-space", values["min-free-space"]),
      dryRun: values["dry-run"],
    };
    if (!values.force && !values["dry-run"]) {
      if (!io.stdinIsTTY())
        throw usage("slipway prune asks before it deletes, and standard input is no terminal", "add --force");
      const what = values.all
        ? "images without a name, base images, the whole build cache with its mounts and fetched packages; built images with a name stay"
        : "images without a name, cache that no image needs, cache mounts and fetched packages";
      const limits = values.filter.length > 0 ? ", as far as the filters allow" : "";
      io.stderr.write(`This deletes ${what}${limits}.\nContinue? [y/N] `);
      const answer = (await io.readLine())?.trim() ?? "";
      if (io.signal.aborted) throw new SlipwayError({ code: "SLIP_CANCELLED", message: "Cancelled" });
      if (!/^y(?:es)?$/i.test(answer)) return 1;
    }
    const result = await (await io.library()).prune({ ...options, store: io.store, signal: io.signal });
    if (values.format === "json") {
      io.stdout.write(`${JSON.stringify(result)}\n`);
      return 0;
    }
    const parts = [
      plural(result.images, "image"),
      plural(result.snapshots, "snapshot"),
      plural(result.cacheRecords, "cache record"),
      ...(result.cacheMounts > 0 ? [plural(result.cacheMounts, "cache mount")] : []),
      ...(result.failedSteps > 0 ? [plural(result.failedSteps, "failed step")] : []),
      ...(result.blobs > 0 ? [plural(result.blobs, "package or layer archive", "packages and layer archives")] : []),
    ];
    const size = formatSize(result.freed);
    io.stdout.write(
      values["dry-run"]
        ? `Would delete ${parts.join(", ")}\nThat would free ${size}\n`
        : `Deleted ${parts.join(", ")}\nTotal reclaimed space: ${size}\n`,
    );
    return 0;
  },
});
