import { command } from "../command.ts";
import { transferProgress } from "../transfer-progress.ts";

export const pull = command({
  name: "pull",
  usage: "[OPTIONS] IMAGE",
  summary: "Bring an image from its registry into the store",
  description:
    "Asks the registry what the name stands for now; layers that the store has do not travel again. The image's whole name goes to standard output, progress to standard error.",
  examples: [
    "slipway pull debian:bookworm",
    "slipway pull --platform linux/arm64 registry.example/app:1.0",
    "slipway pull --all-tags registry.example/app",
  ],
  options: {
    platform: {
      type: "string",
      value: "OS/ARCH[/VARIANT]",
      help: "Which image of a name for several platforms (default: this machine's; variable DOCKER_DEFAULT_PLATFORM)",
    },
    "all-tags": { type: "flag", short: "a", help: "Every tag of the repository" },
    quiet: { type: "flag", short: "q", help: "No progress" },
  },
  positionals: [1, 1],
  missing: "name the image: slipway pull debian:bookworm",
  async run({ values, positionals: [image = ""] }, io) {
    const library = await io.library();
    const pulled = await library.pull({
      image,
      platform: values.platform ?? (io.env["DOCKER_DEFAULT_PLATFORM"] || undefined),
      allTags: values["all-tags"],
      onEvent: values.quiet ? undefined : transferProgress(io),
      store: io.store,
      signal: io.signal,
    });
    for (const { name } of pulled) io.stdout.write(`${name}\n`);
  },
});
