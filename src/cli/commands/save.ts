import type { BuildEvent } from "../../base/index.ts";
import { usage } from "../args.ts";
import { command } from "../command.ts";
import { transferProgress } from "../transfer-progress.ts";

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
      value: "docker|oci|oci-dir",
      choices: ["docker", "oci", "oci-dir"],
      // As podman calls them.
      hiddenChoices: ["docker-archive", "oci-archive"],
      help: "An archive for docker load, or an OCI layout in a tar or a folder (default: docker)",
    },
    // What slipway does anyway, for command lines written for podman.
    "multi-image-archive": { type: "flag", short: "m" },
    quiet: { type: "flag", short: "q" },
  },
  positionals: [1, Number.POSITIVE_INFINITY],
  missing: "name the image: slipway images lists them",
  async run({ values, positionals }, io) {
    const dest = values.output ?? "-";
    if (dest === "-" && values.format !== "oci-dir" && io.stdout.isTTY === true) {
      throw usage("Refusing to write an archive to the terminal", "name a file with --output, or redirect the output");
    }
    const folder = values.format === "oci-dir";
    if (folder && dest === "-") throw usage("A folder needs a name", "name it with --output");
    const type = values.format?.startsWith("oci") ? "oci" : "docker";
    const { platform } = values;
    const options = { images: positionals, platform, type, dest, ...(folder && { tar: false }) } as const;
    const show = transferProgress(io);
    const onEvent = (event: BuildEvent): void => (event.type === "warning" ? show(event) : undefined);
    await (await io.library()).save({ ...options, onEvent, store: io.store, signal: io.signal });
  },
});
