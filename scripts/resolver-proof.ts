/**
 * `npm run resolver-proof`: what slipway resolves for packages of the Debian archive, beside what `apt-get -s install` would install where nothing is
 * installed. apt gets a root of its own; nothing of the machine's is read or changed. Ends with code 1 when a difference is not one of
 * test/apt/differences.ts, or one of them is gone.
 * Flags: --count N (200) --seed TEXT (1) --suite NAME[,NAME] (bookworm,trixie) --json FILE
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { whyNoApt } from "../test/apt/apt-root.ts";
import type { Compared } from "../test/apt/compare.ts";
import { differences } from "../test/apt/differences.ts";
import { compareAll, openBoth } from "../test/apt/prove-suite.ts";
import { samplePackages } from "../test/apt/sample.ts";

const { values: flags } = parseArgs({
  options: {
    count: { type: "string", default: "200" },
    seed: { type: "string", default: "1" },
    suite: { type: "string", default: "bookworm,trixie" },
    json: { type: "string" },
  },
});
if (whyNoApt !== undefined) throw new Error(whyNoApt);

const folder = mkdtempSync(join(tmpdir(), "slipway-apt-"));
try {
  const all: Record<string, readonly Compared[]> = {};
  for (const suite of flags.suite.split(",")) {
    const opened = await openBoth(folder, suite);
    const sample = samplePackages(opened.apt.lists(), Number(flags.count), flags.seed);
    const kinds = [...sample.kinds].map(([kind, count]) => `${count} ${kind}`).join(", ");
    console.log(`${suite} ${opened.archive.releases[0]?.version ?? ""}, apt ${await opened.apt.version()}:`);
    console.log(`  ${sample.names.length} packages of ${sample.sections} sections, of them ${kinds}`);
    const compared = await compareAll(opened, sample.names);
    all[suite] = compared;
    tell(suite, compared);
  }
  if (flags.json !== undefined) writeFileSync(flags.json, `${JSON.stringify(all, undefined, 1)}\n`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function tell(suite: string, compared: readonly Compared[]): void {
  const apart = compared.filter(({ difference }) => difference !== undefined);
  const counts = compared.flatMap(({ count }) => count ?? []);
  const sum = counts.reduce((a, b) => a + b, 0);
  console.log(
    `  ${compared.length - apart.length} the same, ${compared.length - counts.length} of them refused by both; ${sum} packages in all`,
  );
  const known = differences[suite] ?? {};
  for (const { name, difference, reason } of apart) {
    const explained = reason !== undefined && known[name] === reason;
    if (!explained) process.exitCode = 1;
    console.log(`  ${explained ? "explained" : "NOT EXPLAINED"} ${name}: ${difference ?? ""}\n    ${reason ?? ""}`);
  }
  if (flags.count !== "200" || flags.seed !== "1") return;
  for (const name of Object.keys(known).filter((one) => !apart.some((other) => other.name === one))) {
    process.exitCode = 1;
    console.log(`  GONE ${name}: test/apt/differences.ts has it, and it differs no more`);
  }
}
