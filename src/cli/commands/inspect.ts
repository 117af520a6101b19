import { type SlipwayError, toSlipwayError } from "../../base/index.ts";
import type { ImageDetails } from "../../index.ts";
import { command } from "../command.ts";
import { formatTemplate } from "../template.ts";

export const inspect = command({
  name: "inspect",
  usage: "[OPTIONS] IMAGE [IMAGE...]",
  summary: "Print everything about images as JSON",
  description:
    "One array with docker's field names; Slipway holds what docker does not know: layer sizes, and facts of the build. Images that are found are printed even when others are not.",
  examples: ["slipway inspect app", "slipway inspect -f '{{.Size}} {{json .Config.Env}}' app"],
  options: {
    format: {
      type: "string",
      short: "f",
      value: "TEMPLATE",
      help: "json, or a text with {{.Field}} and {{json .Field}}, a line an image",
    },
    platform: {
      type: "string",
      value: "OS/ARCH[/VARIANT]",
      help: "Which image of a name for several platforms (default: the machine's own, or the first)",
    },
    type: { type: "string", choices: ["image"] },
  },
  refused: { size: "Size is always there", s: "Size is always there" },
  positionals: [1, Number.POSITIVE_INFINITY],
  missing: "name the image: slipway images lists them",
  async run({ values, positionals }, io) {
    const library = await io.library();
    const found: unknown[] = [];
    const errors: SlipwayError[] = [];
    for (const name of positionals) {
      try {
        const { platform } = values;
        found.push(dockerForm(await library.inspectImage(name, { platform, store: io.store, signal: io.signal })));
      } catch (error) {
        errors.push(toSlipwayError(error));
      }
    }
    const template = values.format;
    if (template === undefined) io.stdout.write(`${JSON.stringify(found, undefined, 4)}\n`);
    else if (template === "json") io.stdout.write(`${JSON.stringify(found)}\n`);
    else io.stdout.write(found.map((image) => `${formatTemplate(template, image)}\n`).join(""));

    const [first, ...others] = errors;
    if (first === undefined) return 0;
    const { printError } = await import("../print-error.ts");
    for (const error of others) await printError(error, io);
    throw first;
  },
});

/** The fields of `docker image inspect`, in its order. */
function dockerForm(image: ImageDetails): unknown {
  const { config } = image;
  const last = config.history?.at(-1);
  return {
    Id: image.id,
    RepoTags: image.names,
    RepoDigests: [],
    Comment: last?.comment ?? "",
    Created: config.created ?? "",
    Author: config.author ?? "",
    Config: config.config ?? {},
    Architecture: config.architecture,
    ...(config.variant === undefined ? {} : { Variant: config.variant }),
    Os: config.os,
    Size: image.size,
    RootFS: { Type: config.rootfs.type, Layers: config.rootfs.diff_ids },
    Slipway: { LayerSizes: image.layerSizes, ...(image.facts === undefined ? {} : { Build: image.facts }) },
  };
}
