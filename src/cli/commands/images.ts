import type { ImageSummary } from "../../index.ts";
import { cut, usage } from "../args.ts";
import { command } from "../command.ts";
import { formatAgo, formatSize, shortId } from "../format.ts";
import { matchesPattern, splitName } from "../names.ts";
import { columnsOf, table } from "../table.ts";

export const images = command({
  name: "images",
  usage: "[OPTIONS] [REPOSITORY[:TAG]]",
  summary: "List images",
  description:
    "An image with several names has a line for each. REPOSITORY may hold * and ?. Layers stay in their registry or cache until somebody needs their files: they are not fetched. Where only their compressed size is known they count with that, and are said to.",
  options: {
    all: { type: "flag", short: "a" },
    filter: { type: "list", short: "f", value: "FILTER", help: "dangling=true|false, or reference=PATTERN" },
    format: { type: "string", value: "table|json", choices: ["table", "json"], help: "json prints an object a line" },
    "no-trunc": { type: "flag", help: "Whole image ids" },
    quiet: { type: "flag", short: "q", help: "Image ids alone" },
  },
  refused: { digests: "images have digests of manifests only when they leave the store", tree: "leave the flag away" },
  positionals: [0, 1],
  async run({ values, positionals }, io) {
    const filters = values.filter.map(parseFilter);
    const wanted = positionals[0];
    const found = await (await io.library()).images({ store: io.store, signal: io.signal });
    const rows = found
      .toSorted((a, b) => b.created - a.created)
      .flatMap((image) => (image.names.length === 0 ? [undefined] : image.names).map((name) => ({ image, name })))
      .filter(({ name }) => wanted === undefined || refersTo(name, wanted))
      .filter(({ name }) => filters.every((filter) => filter(name)));
    const id = (image: ImageSummary): string => (values["no-trunc"] ? image.id : shortId(image.id));
    if (values.quiet) {
      io.stdout.write([...new Set(rows.map(({ image }) => `${id(image)}\n`))].join(""));
    } else if (values.format === "json") {
      const lines = rows.map(({ image, name }) => {
        const [Repository, Tag] = splitName(name);
        return JSON.stringify({
          Repository,
          Tag,
          ID: id(image),
          CreatedAt: image.created > 0 ? new Date(image.created).toISOString() : "N/A",
          CreatedSince: formatAgo(image.created, io.now()),
          Size: formatSize(image.size),
          Bytes: image.size,
          Layers: image.layers,
          RemoteLayers: image.remoteLayers,
          CompressedLayers: image.compressedLayers,
          Platform: platformText(image),
        });
      });
      io.stdout.write(lines.map((line) => `${line}\n`).join(""));
    } else {
      // Told only where it tells something.
      const several = new Set(found.map(platformText)).size > 1;
      const body = rows.map(({ image, name }) => {
        const [repository, tag] = splitName(name);
        const created = formatAgo(image.created, io.now());
        const platform = several ? [platformText(image)] : [];
        return [repository, tag, id(image), ...platform, created, sizeText(image), String(image.layers)];
      });
      const platform = several ? ["PLATFORM"] : [];
      io.stdout.write(
        table([["REPOSITORY", "TAG", "IMAGE ID", ...platform, "CREATED", "SIZE", "LAYERS"], ...body], {
          columns: columnsOf(io.stdout),
        }),
      );
    }
  },
});

/** Layers that are not here are told, and which of them count with the size that they have in their registry. */
function sizeText({ size, layers, remoteLayers, compressedLayers }: ImageSummary): string {
  if (remoteLayers === 0) return formatSize(size);
  const [count, what] = compressedLayers > 0 ? [compressedLayers, "compressed"] : [remoteLayers, "not fetched"];
  return `${formatSize(size)} (${count === layers ? "" : `${count} of ${layers} `}${what})`;
}

function platformText({ platform: { os, architecture, variant } }: ImageSummary): string {
  return [os, architecture, variant].filter(Boolean).join("/");
}

function refersTo(name: string | undefined, wanted: string): boolean {
  if (name === undefined) return false;
  const [repository, tag] = splitName(name);
  const [wantedRepository, wantedTag] = splitName(wanted);
  return matchesPattern(repository, wantedRepository) && (wantedTag === "<none>" || matchesPattern(tag, wantedTag));
}

function parseFilter(text: string): (name: string | undefined) => boolean {
  const [key, value = ""] = cut(text);
  if (key === "reference" && value !== "") return (name) => refersTo(name, value);
  if (key === "dangling" && /^(?:true|1)$/.test(value)) return (name) => name === undefined;
  if (key === "dangling" && /^(?:false|0)$/.test(value)) return (name) => name !== undefined;
  throw usage(`Invalid filter "${text}"`, "dangling=true, dangling=false or reference=PATTERN");
}
