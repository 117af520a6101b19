import { command } from "../command.ts";
import { transferProgress } from "../transfer-progress.ts";

export const push = command({
  name: "push",
  usage: "[OPTIONS] NAME[:TAG] [NAME[:TAG]...]",
  summary: "Send images to their registries",
  description:
    "The name says where to: NAME of the form registry.example/team/app, or one of Docker Hub's. What the registry has is not sent again. The name and digest of what was pushed go to standard output, progress to standard error.",
  examples: [
    "slipway push registry.example/team/app:1.0 registry.example/team/app:latest",
    "slipway push --all-tags registry.example/team/app",
  ],
  options: {
    platform: {
      type: "string",
      value: "OS/ARCH[/VARIANT]",
      help: "One platform of images for several (default: all of them, behind an index)",
    },
    "all-tags": { type: "flag", short: "a", help: "Every tag that the store has of the repository" },
    quiet: { type: "flag", short: "q", help: "No progress" },
  },
  refused: {
    "disable-content-trust": "slipway signs nothing when it pushes; leave the flag away",
  },
  positionals: [1, Number.POSITIVE_INFINITY],
  missing: "name the image: slipway images lists them",
  async run({ values, positionals }, io) {
    const library = await io.library();
    const pushed = await library.push({
      images: positionals,
      platform: values.platform,
      allTags: values["all-tags"],
      onEvent: values.quiet ? undefined : transferProgress(io),
      store: io.store,
      signal: io.signal,
    });
    for (const { name, digest } of pushed) io.stdout.write(`${name}@${digest}\n`);
  },
});
