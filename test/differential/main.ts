/**
 * `npm run differential`: every case of test/cases by docker (BuildKit) of Debian testing, compared with what the case expects of
 * slipway. CASES=TEXT,TEXT takes those whose names have one of the texts; --json FILE writes all that docker said; --jobs N builds at once.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { type Case, chosenCases } from "../conformance/case.ts";
import { serveCase } from "../conformance/case-server.ts";
import { layCase } from "../conformance/lay-case.ts";
import type { Base, Outcome } from "../conformance/outcome.ts";
import { whyNoBusybox, writeBaseContext } from "../e2e/support/base-image.ts";
import { readTree } from "../e2e/support/tar-tree.ts";
import { compare, judge } from "./compare.ts";
import { buildWithDocker, type Docker, openDocker, readConfig } from "./docker.ts";

const { values: flags } = parseArgs({ options: { json: { type: "string" }, jobs: { type: "string", default: "3" } } });
const script = resolve(import.meta.dirname, "../../scripts/peers.sh");
const program = resolve(import.meta.dirname, "../../bin/slipway");
const chroot = process.env["SLIPWAY_PEERS"];

if (whyNoBusybox !== undefined) throw new Error(whyNoBusybox);
if (chroot === undefined) {
  const words = ["docker", process.execPath, import.meta.filename, ...process.argv.slice(2)];
  process.exitCode = spawnSync(script, words, { stdio: "inherit" }).status ?? 1;
} else {
  const folder = mkdtempSync(join(tmpdir(), "slipway-differential-"));
  chmodSync(folder, 0o755);
  try {
    process.exitCode = (await main(openDocker(chroot), folder)) ? 0 : 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Result {
  readonly given: Case;
  readonly docker?: Outcome;
  /** Empty when all is the same, or as the case explains. */
  readonly wrong: readonly string[];
}

async function main(docker: Docker, folder: string): Promise<boolean> {
  const cases = chosenCases();
  const base = await giveBase(docker, folder);
  const { stdout } = await docker.run(folder, ["version", "--format", "{{.Server.Version}}"]);
  console.log(`docker ${stdout.trim()}, ${cases.length} cases`);
  const results: Result[] = [];
  const waiting = [...cases];
  const worker = async (): Promise<void> => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const result = await runOne(next, join(folder, next.name), base, docker);
      results.push(result);
      for (const text of result.wrong) console.log(`${next.name}: ${text}`);
    }
  };
  await Promise.all(Array.from({ length: Number(flags.jobs) }, worker));
  const unable = results.filter(({ given }) => isUnable(given)).length;
  const explained = results.filter(({ given, wrong }) => isExplained(given) && wrong.length === 0).length;
  const wrong = results.filter((result) => result.wrong.length > 0);
  const same = results.length - unable - explained - wrong.length;
  console.log(
    `${same} the same, ${explained} different as explained, ${unable} that docker cannot build, ${wrong.length} unexplained`,
  );
  if (flags.json !== undefined) {
    const told = results.map(({ given, docker, wrong }) => ({ name: given.name, wrong, docker }));
    writeFileSync(flags.json, `${JSON.stringify(told, undefined, 1)}\n`);
  }
  return wrong.length === 0;
}

async function runOne(written: Case, folder: string, base: Base, docker: Docker): Promise<Result> {
  if (isUnable(written)) return { given: written, wrong: [] };
  using served = await serveCase(written, folder);
  const { given } = served;
  try {
    await layCase(given, folder);
    const outcome = await buildWithDocker(given, folder, base, docker);
    const golden = (name: string): string => {
      const file = join(given.folder, name);
      return existsSync(file) ? readFileSync(file, "utf8") : "";
    };
    const found = compare(given, { tree: golden("tree"), config: golden("config") }, outcome);
    return { given, docker: outcome, wrong: judge(given, found) };
  } catch (error) {
    return { given, wrong: [String(error)] };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function isUnable({ docker }: Case): boolean {
  return typeof docker === "object" && "unable" in docker;
}

function isExplained({ docker }: Case): boolean {
  return typeof docker === "object" && "differs" in docker;
}

/** Builds the base image with slipway and gives it to docker under the same name. */
async function giveBase(docker: Docker, folder: string): Promise<Base> {
  const context = join(folder, "base");
  writeBaseContext(context);
  const slipway = (...args: readonly string[]): string =>
    execFileSync(program, args, {
      env: { ...process.env, SLIPWAY_ROOT: join(folder, "store") },
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
    });
  const [archive, tar, oci] = ["docker.tar", "tree.tar", "oci.tar"].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  slipway(
    "build",
    "-t",
    "base",
    "-o",
    `type=tar,dest=${tar}`,
    "-o",
    `type=docker,dest=${archive}`,
    "-o",
    `type=oci,dest=${oci}`,
    context,
  );
  const { code, stderr } = await docker.run(folder, ["load", "-i", archive]);
  if (code !== 0) throw new Error(`docker does not take the base image: ${stderr}`);
  return { tree: readTree(tar), history: readConfig(oci).history?.length ?? 0 };
}
