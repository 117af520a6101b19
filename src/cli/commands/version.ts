import { packageVersion } from "../../base/index.ts";
import { command } from "../command.ts";

export const version = command({
  name: "version",
  usage: "[OPTIONS]",
  summary: "Show the version",
  options: {
    format: {
      type: "string",
      short: "f",
      value: "json",
      choices: ["json"],
      help: "With the versions of Node and the platform",
    },
  },
  positionals: [0, 0],
  async run({ values }, io) {
    const number = packageVersion();
    const details = { version: number, node: process.versions.node, platform: `${process.platform}/${process.arch}` };
    io.stdout.write(values.format === "json" ? `${JSON.stringify(details)}\n` : `slipway ${number}\n`);
  },
});
