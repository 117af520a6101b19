import type { BaseSummary } from "../../index.ts";
import { command } from "../command.ts";
import { formatSize } from "../format.ts";
import { columnsOf, table } from "../table.ts";
import { formatTemplate } from "../template.ts";

export const baseLs = command({
  name: "base ls",
  usage: "[OPTIONS]",
  summary: "List the small bases that there are, with their sizes",
  description:
    "Lists the bases that slipway base build makes, of each release of Debian. Sizes are those of the bases in the store, and with ~ as they were measured; compressed is by gzip. No network is asked.",
  examples: ["slipway base ls --suite trixie", "slipway base ls --format '{{.Name}} {{.Size}}'"],
  options: {
    suite: { type: "string", value: "bookworm|trixie", help: "Only those of this release of Debian" },
    arch: {
      type: "string",
      aliases: ["platform"],
      value: "ARCH",
      help: "Architecture: amd64, arm64, armhf, ... (default: this machine's)",
    },
    format: {
      type: "string",
      value: "table|json|TEMPLATE",
      help: "json prints an object a line; a template a line like {{.Name}} {{.Size}}",
    },
    quiet: { type: "flag", short: "q", help: "Names for FROM alone" },
  },
  positionals: [0, 0],
  async run({ values }, io) {
    const { suite, arch, format = "table" } = values;
    const bases = await (await io.library()).listBases({ suite, arch, store: io.store });
    if (values.quiet) {
      io.stdout.write(bases.map(({ image }) => `${image}\n`).join(""));
    } else if (format === "json") {
      io.stdout.write(bases.map((base) => `${JSON.stringify(fieldsOf(base))}\n`).join(""));
    } else if (format !== "table") {
      io.stdout.write(bases.map((base) => `${formatTemplate(format, fieldsOf(base))}\n`).join(""));
    } else {
      const rows = bases.map((base) => [
        base.name,
        base.suite,
        base.runtime,
        String(base.packages),
        sizeText(base.size, base.inStore),
        sizeText(base.compressed, base.compressedInStore),
      ]);
      const head = ["NAME", "SUITE", "RUNTIME", "PACKAGES", "SIZE", "COMPRESSED"];
      io.stdout.write(table([head, ...rows], { columns: columnsOf(io.stdout) }));
      const cells = new Set(rows.flat().map((cell) => cell.charAt(0)));
      const [any] = bases;
      if (cells.has("~")) io.stderr.write(`~ as measured on ${any?.measured}; slipway base build NAME makes one\n`);
      if (cells.has("?")) io.stderr.write(`? not measured for ${any?.platform}\n`);
    }
  },
});

function sizeText(size: number | undefined, exact: boolean): string {
  return size === undefined ? "?" : `${exact ? "" : "~"}${formatSize(size)}`;
}

/** With the names that docker's templates have for things like these. */
function fieldsOf(base: BaseSummary) {
  return {
    Name: base.name,
    Suite: base.suite,
    Image: base.image,
    Platform: base.platform,
    Runtime: base.runtime,
    Packages: base.packages,
    Size: sizeText(base.size, base.inStore),
    Bytes: base.size ?? null,
    Compressed: sizeText(base.compressed, base.compressedInStore),
    CompressedBytes: base.compressed ?? null,
    InStore: base.inStore,
    ID: base.id ?? "",
    Measured: base.measured,
  };
}
