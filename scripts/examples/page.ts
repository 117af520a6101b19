import type { Measured, Row } from "./measure.ts";
import { answers } from "./sittings.ts";
import type { Found } from "./try-client.ts";

const marks = ["<!-- examples: written by npm run examples -->", "<!-- /examples -->"] as const;

/** The table of calculators, in one stage and in several. */
export function table(rows: readonly Row[]): string {
  const of = (row: Row, figure: (measured: Measured) => number | string): string =>
    `${figure(row.single)} → ${figure(row.multi)}`;
  return [
    "| language | base of the final stage | one stage | several stages | ratio | compressed (gzip) | packages | setuid, setgid | shells |",
    "| --- | --- | --: | --: | --: | --: | --: | --: | --: |",
    ...rows.map((row) =>
      [
        "",
        row.calculator.language,
        `\`${row.calculator.base.replace(/^gcr\.io\/distroless\//, "")}\``,
        megabytes(row.single.image.size),
        megabytes(row.multi.image.size),
        ratio(row.single.image.size / row.multi.image.size),
        of(row, ({ compressed }) => megabytes(compressed)),
        of(row, ({ image }) => image.packages.length),
        of(row, ({ image }) => image.setuid.length),
        of(row, ({ image }) => image.shells.length),
        "",
      ]
        .join(" | ")
        .trim(),
    ),
  ].join("\n");
}

/** What calculators are asked and answer, with signs for letters that nobody sees. */
export function answersTable(): string {
  const signs = new Map([
    ["\t", "␉"],
    ["\r", "␍"],
    ["\u001b", "␛"],
    ["\u00a0", "⍽"],
  ]);
  const code = (text: string): string => {
    const spaced = text.replaceAll(/^ +| +$| {2,}/g, (spaces) => "·".repeat(spaces.length));
    return `\`${Array.from(spaced, (letter) => signs.get(letter) ?? letter).join("")}\``;
  };
  return [
    "| typed | said |",
    "| --- | --- |",
    ...answers.map(([typed, said]) => `| ${code(typed)} | ${code(said)} |`),
  ].join("\n");
}

/** What the clients found. */
export function clientsTable(found: readonly Found[]): string {
  return [
    "| language | authorities trusted |",
    "| --- | --: |",
    ...found.map(({ client, certificates }) => `| ${client.language} | ${certificates} |`),
  ].join("\n");
}

/**
 * A page with what stands between the marks replaced; the marks are there once for each of the blocks, in order.
 * @throws Error when there are fewer or more of them.
 */
export function filled(page: string, blocks: readonly string[]): string {
  const [begin, end] = marks;
  const parts = page.split(begin);
  if (parts.length !== blocks.length + 1)
    throw new Error(`The page has ${parts.length - 1} places for tables, not ${blocks.length}`);
  return parts
    .map((part, i) => {
      const block = blocks[i - 1];
      if (block === undefined) return part;
      const rest = part.indexOf(end);
      if (rest < 0) throw new Error(`A place for a table has no ${end}`);
      return `${begin}\n\n${block}\n\n${part.slice(rest)}`;
    })
    .join("");
}

/** What stands between the marks of a page, in order. */
export function blocksOf(page: string): readonly string[] {
  const [begin, end] = marks;
  return page
    .split(begin)
    .slice(1)
    .map((part) => part.slice(0, part.indexOf(end)).trim());
}

function megabytes(bytes: number): string {
  const mb = bytes / 1e6;
  return `${mb >= 100 ? mb.toFixed(0) : mb >= 10 ? mb.toFixed(1) : mb.toFixed(2)} MB`;
}

function ratio(times: number): string {
  return times >= 10 ? times.toFixed(0) : times.toFixed(1);
}
