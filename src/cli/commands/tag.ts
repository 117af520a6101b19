import { command } from "../command.ts";

export const tag = command({
  name: "tag",
  usage: "IMAGE NAME[:TAG]",
  summary: "Give an image one more name",
  options: {},
  positionals: [2, 2],
  missing: "name the image and its new name: slipway tag app app:1.0",
  async run({ positionals: [source = "", target = ""] }, io) {
    await (await io.library()).tagImage(source, target, { store: io.store, signal: io.signal });
  },
});
