/**
 * `npm run base-sizes`: makes the built-in bases of both suites from the Debian archive, for amd64, and writes into docs/distroless.md how large they are
 * beside the same packages with all their files. `npm run base-sizes -- WORD` prints those with WORD in their name alone (`python3`, `debian12`).
 * Needs gzip and zstd; takes some minutes, most of them zstd's. The images stay in the store (SLIPWAY_ROOT).
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { largestSizes, type Sizes } from "./base-sizes/largest-sizes.ts";

const repository = fileURLToPath(new URL("..", import.meta.url));
const words = process.argv.slice(2);

const rows: string[] = [];
let over = 0;
for (const { name, suite, number, most } of largestSizes) {
  const title = `${name}-debian${number}`;
  if (words.length > 0 && !words.some((word) => title.includes(word))) continue;
  const sizes = measure(name, suite);
  const cell = (part: keyof Sizes): string => {
    const limit = most?.[part];
    // The table's figures have two or three digits: what rounds to them is as large.
    if (limit !== undefined && Math.round(sizes[part] * 100) > limit * 100) over++;
    return `${sizes[part].toFixed(2)}${limit === undefined ? "" : ` (${limit})`}`;
  };
  rows.push(`| \`${title}\` | ${cell("tar")} | ${cell("gzip")} | ${cell("zstd")} |`);
  console.error(rows.at(-1));
}
const table = ["| base | tar | gzip -9 | zstd -19 |", "| --- | --- | --- | --- |", ...rows].join("\n");
console.log(table);
if (words.length === 0) write("docs/distroless.md", table);
if (over > 0) {
  console.error(`${over} sizes are over what they may be`);
  process.exitCode = 1;
}

/** In megabytes of a million bytes. */
function measure(name: string, suite: string): Sizes {
  const folder = mkdtempSync(join(tmpdir(), "base-sizes-"));
  try {
    const tar = join(folder, "base.tar");
    const build = ["base", "build", name, "--suite", suite, "--arch", "amd64", "-q", "-o", `type=tar,dest=${tar}`];
    execFileSync(join(repository, "bin/slipway"), build, { stdio: ["ignore", "ignore", "inherit"] });
    const packed = (program: string, level: string, ending: string): number => {
      execFileSync(program, ["-q", level, "-k", tar], { stdio: ["ignore", "ignore", "inherit"] });
      return statSync(`${tar}.${ending}`).size / 1e6;
    };
    return { tar: statSync(tar).size / 1e6, gzip: packed("gzip", "-9n", "gz"), zstd: packed("zstd", "-19", "zst") };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function write(page: string, block: string): void {
  const file = join(repository, page);
  const [begin, end] = ["<!-- sizes: written by npm run base-sizes -->", "<!-- /sizes -->"];
  const text = readFileSync(file, "utf8");
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`${page} has no place for the table`);
  writeFileSync(file, `${text.slice(0, from + begin.length)}\n\n${block}\n\n${text.slice(to)}`);
  execFileSync(join(repository, "node_modules/.bin/oxfmt"), ["--write", file], { stdio: "inherit" });
}
