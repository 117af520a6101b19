import type { ContextEntry } from "../../index.ts";
import { command } from "../command.ts";
import { formatSize, plural } from "../format.ts";
import { printable } from "../text.ts";
import { buildOptions } from "./build.ts";

export const contextLs = command({
  name: "context ls",
  usage: "[OPTIONS] PATH",
  summary: "List the files of a build context",
  description:
    "Lists what of a folder takes part in a build. With --why also what does not, each with the line of the ignore file that decides.",
  options: {
    file: { ...buildOptions.file, help: "The Dockerfile (default: Dockerfile in PATH)" },
    why: { type: "flag", help: "Also what is left out, and the line of the ignore file that decides" },
    format: { type: "string", value: "text|json", choices: ["text", "json"], help: "json prints an object a line" },
  },
  positionals: [1, 1],
  missing: "name the build context: the folder with the Dockerfile, often just .",
  async run({ values, positionals: [context = "."] }, io) {
    const { ignoreFile, entries } = await (await io.library()).listContext({ context, dockerfile: values.file });
    const shown = values.why ? entries : entries.filter(({ taken }) => taken);
    if (values.format === "json") {
      io.stdout.write(shown.map((entry) => `${JSON.stringify(entry)}\n`).join(""));
      return;
    }
    const line = (entry: ContextEntry): string => {
      const path = `${printable(entry.path)}${entry.type === "folder" ? "/" : ""}`;
      if (!values.why) return path;
      const { taken, rule } = entry;
      const why = rule && `${ignoreFile}:${rule.line}: ${rule.includes ? "!" : ""}${rule.pattern}`;
      return `${taken ? "+" : "-"} ${path}${why === undefined ? "" : `  (${printable(why)})`}`;
    };
    io.stdout.write(shown.map((entry) => `${line(entry)}\n`).join(""));
    const files = entries.filter(({ taken, type }) => taken && type !== "folder");
    const bytes = files.reduce((sum, { size }) => sum + size, 0);
    const left = entries.length - entries.filter(({ taken }) => taken).length;
    const by = ignoreFile === undefined ? "" : ` by ${printable(ignoreFile)}`;
    const out = left === 0 ? "nothing is" : plural(left, "entry is", "entries are");
    io.stderr.write(`${plural(files.length, "file")}, ${formatSize(bytes)}; ${out} left out${by}\n`);
  },
});
