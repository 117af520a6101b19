import type { Suggestion } from "../../index.ts";
import { command } from "../command.ts";
import type { Style } from "../style.ts";
import { printable, printableLines } from "../text.ts";
import { transferProgress } from "../transfer-progress.ts";
import { baseBuildOptions } from "./base-build.ts";

export const baseSuggest = command({
  name: "base suggest",
  usage: "[OPTIONS] IMAGE|FILE|FOLDER",
  summary: "Tell which base a program, a folder or an image needs",
  description:
    "Reads what a program, script, jar, folder or image of the store needs of a base, and tells the smallest that has it, why, and the last stage of a Dockerfile; where no built-in base has all, the packages of the signed archive that complete one. Nothing runs. A word that names an image and a file is the image: write ./NAME for the file.",
  examples: [
    "slipway base suggest ./app",
    "slipway base suggest my-image:latest",
    "slipway base suggest --format json target/app.jar",
  ],
  options: {
    suite: { type: "string", value: "bookworm|trixie", help: "Only bases of this release of Debian" },
    platform: {
      type: "string",
      value: "OS/ARCH[/VARIANT]",
      help: "Which image of a name for several platforms (default: the machine's own, or the first)",
    },
    offline: { type: "flag", help: "Look packages up only in what the store knows of the archive" },
    "debian-mirror": {
      type: "string",
      value: "URL",
      help: "Archive that packages are looked up in (variable SLIPWAY_DEBIAN_MIRROR)",
    },
    "debian-keyring": baseBuildOptions["debian-keyring"],
    format: { type: "string", value: "text|json", choices: ["text", "json"], help: "json prints one object" },
    quiet: { type: "flag", short: "q", help: "The name for FROM alone" },
  },
  positionals: [1, 1],
  missing: "name a program, a folder or an image: slipway base suggest ./app",
  async run({ values, positionals: [subject = ""] }, io) {
    const found = await (
      await io.library()
    ).suggestBase({
      subject,
      suite: values.suite,
      platform: values.platform,
      offline: values.offline,
      debianMirror: values["debian-mirror"],
      debianKeyring: values["debian-keyring"],
      store: io.store,
      signal: io.signal,
      onEvent: transferProgress(io),
    });
    if (values.format === "json") io.stdout.write(`${JSON.stringify(found, undefined, 2)}\n`);
    else if (!values.quiet) io.stdout.write(suggestionText(found, io.style));
    else {
      const from = found.dockerfile?.match(/^FROM (\S+)/)?.[1] ?? found.image;
      if (found.answer === "none" || from === undefined) return 1;
      io.stdout.write(`${from}\n`);
    }
    return 0;
  },
});

/** The answer, why, what to mind, and what to write. */
export function suggestionText(found: Suggestion, style: Pick<Style, "bold" | "dim">): string {
  const list = (title: string, lines: readonly string[]): string =>
    lines.length === 0 ? "" : `\n${style.bold(title)}\n${lines.map((line) => `  ${printable(line)}\n`).join("")}`;
  const block = (title: string, text: string | undefined): string =>
    text === undefined
      ? ""
      : `\n${style.bold(title)}\n${printableLines(text.trimEnd())
          .split("\n")
          .map((line) => `  ${line}\n`)
          .join("")}`;
  const recipe = found.recipe?.match(/^name: (\S+)/)?.[1];
  return [
    `${style.bold(printable(found.summary))}\n`,
    list("Why", found.reasons),
    list("Mind", found.notes),
    block(`${recipe}.yaml: slipway base build ${recipe}.yaml`, found.recipe),
    block("Dockerfile", found.dockerfile),
  ].join("");
}
