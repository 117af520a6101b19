import { command } from "../command.ts";
import { comparisonText } from "../comparison-text.ts";

export const compare = command({
  name: "compare",
  usage: "[OPTIONS] A B",
  summary: "Set two images side by side: size, files, packages, shells, what was left behind",
  description:
    "Counts what is in each image's merged file system: files, installed packages (dpkg, apk, rpm), shells, package managers, compilers, setuid and setgid files, the largest folders; and what its build left behind in which stage.",
  examples: ["slipway compare calculator:single calculator:multi", "slipway compare --format json A B | jq .ratio"],
  options: {
    format: {
      type: "string",
      value: "table|json",
      choices: ["table", "json"],
      help: "json prints every figure, package and path",
    },
  },
  positionals: [2, 2],
  missing: "name two images: slipway images lists them",
  async run({ values, positionals: [a = "", b = ""] }, io) {
    const comparison = await (await io.library()).compare(a, b, { store: io.store, signal: io.signal });
    if (values.format === "json") io.stdout.write(`${JSON.stringify(comparison)}\n`);
    else io.stdout.write(comparisonText(comparison, io.style, io.stdout.columns ?? 100));
  },
});
