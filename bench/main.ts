/**
 * `npm run bench`: the same builds by slipway, docker (BuildKit) and buildah, in turn; medians, ratios and peak memory as markdown.
 * Flags: --case NAME[,NAME] --runs N --peers docker,buildah|none --slipway COMMAND --no-slipway --json FILE --list
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { cpus, homedir, release, totalmem } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { baseCases, baseVariants, measureBase } from "./bases.ts";
import { type Builder, buildah, docker, slipway } from "./builders.ts";
import { type Case, cases, type Variant } from "./cases.ts";
import { put } from "./files.ts";
import { type Command, measure, type Measured } from "./measure.ts";
import { whyNoRegistry } from "./registry.ts";
import { type Cell, markdown, type Row } from "./table.ts";
import { measurePull, measurePush } from "./transfer.ts";

const { values: flags } = parseArgs({
  options: {
    case: { type: "string" },
    runs: { type: "string", default: "5" },
    peers: { type: "string", default: "docker,buildah" },
    json: { type: "string" },
    slipway: { type: "string" },
    list: { type: "boolean", default: false },
    "no-slipway": { type: "boolean", default: false },
  },
});

const dir =
  process.env["SLIPWAY_BENCH_DIR"] ?? join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "slipway-bench");
const script = resolve(import.meta.dirname, "../scripts/peers.sh");
const wanted = flags.peers === "none" ? [] : flags.peers.split(",");
/** That of what is pushed, anew each time; and that which has the image that all pull. */
const registries = ["registry-pushed", "registry-pulled"].map((name) => join(dir, "builds", name));

if (flags.list) {
  for (const c of cases) console.log(`${c.name.padEnd(14)} ${c.title}: ${c.variants.join(", ")}`);
  for (const c of baseCases) console.log(`${c.name.padEnd(14)} ${c.title}: ${baseVariants.join(", ")}`);
} else if (wanted.length > 0 && process.env["SLIPWAY_PEERS"] === undefined && existsSync(join(dir, "peers/.made"))) {
  const again = spawnSync(script, ["bench", process.execPath, import.meta.filename, ...process.argv.slice(2)], {
    stdio: "inherit",
  });
  process.exitCode = again.status ?? 1;
} else {
  await main();
}

async function main(): Promise<void> {
  const builders = available();
  const names = flags.case?.split(",") ?? [...cases, ...baseCases].map(({ name }) => name);
  const bases = flags["no-slipway"] ? [] : baseCases.filter(({ name }) => names.includes(name));
  const chosen = names
    .filter((name) => !baseCases.some((one) => one.name === name))
    .map(named)
    .filter(isPossible);
  mkdirSync(join(dir, "builds"), { recursive: true });
  const rows: Row[] = [];
  for (const c of chosen) {
    console.error(`${c.name}: ${c.title}`);
    rows.push(...(await measureCase(c, builders, Math.min(Number(flags.runs), c.runs ?? Infinity))));
    if (flags.json !== undefined) writeFileSync(flags.json, `${JSON.stringify(rows, undefined, 1)}\n`);
  }
  for (const c of bases) {
    console.error(`${c.name}: ${c.title}`);
    rows.push(...(await measureBase(c, { dir, runs: Number(flags.runs), program: flags.slipway })));
    if (flags.json !== undefined) writeFileSync(flags.json, `${JSON.stringify(rows, undefined, 1)}\n`);
  }
  const memory = (totalmem() / 2 ** 30).toFixed(0);
  console.log(
    `${cpus().length} cores, ${memory} GB, Linux ${release()}; ${builders.map((b) => `${b.name} ${version(b)}`).join(", ")}\n`,
  );
  console.log(
    markdown(
      rows,
      builders.map((b) => b.name),
    ),
  );
}

function named(name: string): Case {
  const found = cases.find((c) => c.name === name);
  if (!found) throw new Error(`no case ${name}: ${[...cases, ...baseCases].map((c) => c.name).join(", ")}`);
  return found;
}

function isPossible({ name, variants }: Case): boolean {
  if (whyNoRegistry === undefined || !variants.includes("push")) return true;
  console.error(`${name}: left out, ${whyNoRegistry}`);
  return false;
}

function available(): readonly Builder[] {
  const peers = process.env["SLIPWAY_PEERS"];
  const dockerd = Number(process.env["SLIPWAY_BENCH_DOCKERD"]) || undefined;
  const all = [
    ...(flags["no-slipway"] ? [] : [slipway(dir, flags.slipway)]),
    ...(wanted.includes("docker") ? [docker(peers, dockerd)] : []),
    ...(wanted.includes("buildah") ? [buildah(peers)] : []),
  ];
  const answering = all.filter((builder) => {
    const works = version(builder) !== undefined;
    if (!works)
      console.error(
        `${builder.name} does not answer: left out${builder.name === "slipway" ? "" : " (see scripts/peers.sh make)"}`,
      );
    return works;
  });
  if (answering.length === 0) throw new Error("no builder answers");
  return answering;
}

function version(builder: Builder): string | undefined {
  const { argv, env } = builder.version();
  const answer = spawnSync(argv[0]!, argv.slice(1), { env: { ...process.env, ...env }, encoding: "utf8" });
  return answer.status === 0 ? /\d+\.\d+[\w.+-]*/.exec(answer.stdout)?.[0] : undefined;
}

async function measureCase(c: Case, builders: readonly Builder[], runs: number): Promise<readonly Row[]> {
  const folder = join(dir, "builds", c.name);
  c.prepare(folder);
  for (const old of registries) rmSync(old, { recursive: true, force: true });
  const results = new Map(builders.map((b) => [b.name, new Map<Variant, Measured[]>(c.variants.map((v) => [v, []]))]));
  const failures = new Map<string, string>();
  for (const builder of builders) await attempt(builder, () => lay(c, builder));
  for (let run = 0; run < runs; run++) {
    for (const builder of builders) {
      if (failures.has(builder.name)) continue;
      await attempt(builder, async () => {
        for (const variant of c.variants) {
          const measured = await measureVariant(c, variant, { builder, builders, folder, run });
          results.get(builder.name)!.get(variant)!.push(measured);
          console.error(
            `  ${builder.name} ${variant} ${measured.seconds.toFixed(3)} s, ${(measured.peak / 1e6).toFixed(0)} MB`,
          );
        }
      });
    }
  }
  for (const done of [folder, ...registries]) rmSync(done, { recursive: true, force: true });
  return c.variants.map((variant) => ({
    case: c,
    variant,
    cells: builders.map((b): Cell => ({
      builder: b.name,
      runs: results.get(b.name)!.get(variant)!,
      failed: failures.get(b.name),
    })),
  }));

  async function attempt(builder: Builder, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      failures.set(builder.name, String(error));
      console.error(`  ${builder.name} failed: ${String(error)}`);
    }
  }
}

/** Builds what the measured build stands on, and the image once, so that every builder has its base at hand. */
async function lay(c: Case, builder: Builder): Promise<void> {
  if (c.ground) {
    const dockerfile = join(dir, "builds", c.name, `../${c.name}-ground/Dockerfile.${builder.name}`);
    put(dockerfile, c.ground(builder.base));
    await build(builder, resolve(dockerfile, ".."), dockerfile, `${c.name}-ground`, false);
  }
  await build(builder, join(dir, "builds", c.name), dockerfileOf(c, builder), `bench-${c.name}`, false);
}

interface Round {
  readonly builder: Builder;
  readonly builders: readonly Builder[];
  readonly folder: string;
  readonly run: number;
}

async function measureVariant(c: Case, variant: Variant, round: Round): Promise<Measured> {
  const { builder, builders, folder, run } = round;
  const tag = `bench-${c.name}`;
  const anew = (by: Builder): Promise<Measured> => {
    // A layer that left before may lie compressed in the store.
    c.touch?.(folder, Date.now() + run);
    return build(by, folder, dockerfileOf(c, by), tag, false);
  };
  const [pushed, pulled] = registries as [string, string];
  switch (variant) {
    case "export": {
      await anew(builder);
      const file = join(dir, "builds", "export.tar");
      rmSync(file, { force: true });
      const measured = await measure(builder.archive(tag, file), builder.daemons());
      rmSync(file, { force: true });
      return measured;
    }
    case "push":
      await anew(builder);
      return measurePush(tag, builder, pushed);
    case "pull": {
      // docker's, where there is one
      const source = builders.find(({ name }) => name === "docker") ?? builder;
      return measurePull(tag, builder, pulled, { builder: source, build: () => anew(source) });
    }
    default:
      if (variant === "cold") for (const command of builder.forget()) await measure(command);
      if (variant === "touched") c.touch?.(folder, Date.now() + run);
      return build(builder, folder, dockerfileOf(c, builder), tag, variant === "cold");
  }
}

function build(
  builder: Builder,
  context: string,
  dockerfile: string,
  tag: string,
  noCache: boolean,
): Promise<Measured> {
  const command: Command = builder.build({ context, dockerfile, tag, noCache });
  return measure(command, builder.daemons());
}

/** Beside the context, not in it: the same context serves every builder. */
function dockerfileOf(c: Case, builder: Builder): string {
  const file = join(dir, "builds", `Dockerfile.${c.name}.${builder.name}`);
  const text = c.dockerfile(c.ground ? builder.local(`${c.name}-ground`) : builder.base);
  if (!existsSync(file) || readFileSync(file, "utf8") !== text) put(file, text);
  return file;
}
