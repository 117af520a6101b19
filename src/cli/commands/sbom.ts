import { writeFileSync } from "node:fs";
import { SlipwayError } from "../../base/index.ts";
import type { Sbom } from "../../index.ts";
import { command } from "../command.ts";
import { plural } from "../format.ts";
import { columnsOf, table } from "../table.ts";
import { printable } from "../text.ts";

export const sbom = command({
  name: "sbom",
  usage: "[OPTIONS] IMAGE",
  summary: "List the software in an image: SPDX, CycloneDX or a table",
  description:
    "Finds packages of dpkg, apk and rpm, Go modules in programs, npm and Python packages and Java archives in an image of the store. The same image gives the same document. slipway build --sbom attaches one to what leaves the store.",
  examples: [
    "slipway sbom app",
    "slipway sbom --format table app",
    "slipway sbom --format cyclonedx-json -o app.cdx.json app",
  ],
  options: {
    format: {
      type: "string",
      value: "spdx-json|cyclonedx-json|table",
      choices: ["spdx-json", "cyclonedx-json", "table"],
      help: "SPDX 2.3, CycloneDX 1.6, or a table to read (default: spdx-json)",
    },
    output: { type: "string", short: "o", value: "FILE", help: "File to write (default: standard output)" },
    platform: {
      type: "string",
      value: "OS/ARCH[/VARIANT]",
      help: "Which image of a name for several platforms (default: the machine's own, or the first)",
    },
  },
  positionals: [1, 1],
  missing: "name the image: slipway images lists them",
  async run({ values, positionals: [image = ""] }, io) {
    const format = values.format === "cyclonedx-json" ? values.format : "spdx-json";
    const { platform } = values;
    const found = await (await io.library()).sbom({ image, platform, format, store: io.store, signal: io.signal });
    const toFile = values.output !== undefined && values.output !== "-" ? values.output : undefined;
    const text =
      values.format === "table"
        ? tableText(found, toFile === undefined ? columnsOf(io.stdout) : undefined)
        : `${JSON.stringify(found.document, undefined, 2)}\n`;
    if (toFile === undefined) io.stdout.write(text);
    else writeTo(toFile, text);
    for (const note of found.notes) io.stderr.write(`${io.style.yellow("not read")} ${printable(note)}\n`);
  },
});

function tableText({ packages }: Sbom, columns: number | undefined): string {
  const rows = packages.map(({ name, group, version, kind, licenses, path, within }) => [
    group === undefined ? name : `${group}:${name}`,
    version,
    kind,
    (licenses ?? []).join(", "),
    within === undefined ? path : `${path}!${within}`,
  ]);
  const list = table([["NAME", "VERSION", "KIND", "LICENCES", "FOUND IN"], ...rows], {
    columns,
    most: [48, 32, 8, 40],
  });
  return `${list}\n${plural(packages.length, "package")}\n`;
}

function writeTo(file: string, text: string): void {
  try {
    writeFileSync(file, text);
  } catch (cause) {
    const message = `Cannot write the SBOM to "${file}": ${(cause as Error).message}`;
    throw new SlipwayError({
      code: "SLIP_OUTPUT",
      message,
      hint: "choose another --output, or make its folder writable",
      cause,
    });
  }
}
