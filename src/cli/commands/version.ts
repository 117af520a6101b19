import { readFileSync } from "node:fs";
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

/** From package.json: beside dist/ when bundled, two folders up in the source. */
function packageVersion(): string {
  for (const place of ["../package.json", "../../../package.json"]) {
    try {
      const manifest: unknown = JSON.parse(readFileSync(new URL(place, import.meta.url), "utf8"));
      const { name, version: number } = manifest as { name?: unknown; version?: unknown };
      if (name === "slipway" && typeof number === "string") return number;
    } catch {
      // Not there: the next place.
    }
  }
  return "unknown";
}
