import { usage } from "../args.ts";
import { command } from "../command.ts";

export const save = command({
  name: "save",
  usage: "[OPTIONS] IMAGE [IMAGE...]",
  summary: "Write images to a tar archive or an OCI layout",
  examples: [
    "slipway save -o app.tar app",
    "slipway save --format oci -o app-oci.tar app",
    "slipway save app | docker load",
  ],
  options: {
    platform: {
      type: "string",
      value: "OS/ARCH[/VARIANT]",
      help: "One platform of images for several (default: all of them, which only --format oci can hold)",
    },
    output: { type: "string", short: "o", value: "FILE", help: "File to write (default: standard output)" },
    format: {
      type: "string",
      value: "docker|oci",
      choices: ["docker", "oci"],
      help: "An archive for docker load, or an OCI layout in a tar (default: docker)",
    },
  },
  positionals: [1, Number.POSITIVE_INFINITY],
  missing: "name the image: slipway images lists them",
  async run({ values, positionals }, io) {
    const dest = values.output ?? "-";
    if (dest === "-" && io.stdout.isTTY === true) {
      throw usage("Refusing to write an archive to the terminal", "name a file with --output, or redirect the output");
    }
    const type = values.format === "oci" ? "oci" : "docker";
    const { platform } = values;
    await (await io.library()).save({ images: positionals, platform, type, dest, store: io.store, signal: io.signal });
  },
});
