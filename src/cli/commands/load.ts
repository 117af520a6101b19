import { usage } from "../args.ts";
import { command } from "../command.ts";
import { transferProgress } from "../transfer-progress.ts";

export const load = command({
  name: "load",
  usage: "[OPTIONS]",
  summary: "Take images from an archive into the store",
  description:
    "Reads what docker save, podman save, skopeo and slipway save write: docker archives and OCI image layouts, in a tar, also with gzip, bzip2, xz or zstd, or in a folder. The images that were loaded go to standard output, progress to standard error.",
  examples: ["slipway load -i app.tar", "docker save app | slipway load"],
  options: {
    input: { type: "string", short: "i", value: "FILE", help: "Archive or folder to read (default: standard input)" },
    platform: {
      type: "list",
      value: "OS/ARCH[/VARIANT]",
      help: "Only images for this platform; several with commas (default: all that are there)",
    },
    quiet: { type: "flag", short: "q", help: "No progress" },
  },
  positionals: [0, 0],
  async run({ values }, io) {
    const file = values.input ?? "-";
    if (file === "-" && io.stdinIsTTY()) {
      throw usage("Nothing to load: standard input is the terminal", "name a file with --input, or redirect the input");
    }
    const platforms = values.platform.flatMap((text) => text.split(",").filter(Boolean));
    const library = await io.library();
    const loaded = await library.load({
      file,
      platforms: platforms.length > 0 ? platforms : undefined,
      onEvent: values.quiet ? undefined : transferProgress(io),
      store: io.store,
      signal: io.signal,
    });
    const names = new Set(loaded.flatMap((image) => image.names));
    for (const name of names) io.stdout.write(`Loaded image: ${name}\n`);
    for (const { imageId } of loaded.filter((image) => image.names.length === 0)) {
      io.stdout.write(`Loaded image ID: ${imageId}\n`);
    }
  },
});
