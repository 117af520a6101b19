import { statSync } from "node:fs";
import type { ForeseenStep } from "../../index.ts";
import { usage } from "../args.ts";
import { command } from "../command.ts";
import { formatAgo } from "../format.ts";
import { printable } from "../text.ts";
import { buildOptions } from "./build.ts";
import { refusedBuildFlags } from "./build-refused.ts";
import { foreseenOptions, oneLine, placeOf } from "./plan.ts";
import { unlisted } from "./unlisted.ts";

/** So many reasons of a step are told, unless all are asked for. */
const told = 20;

export const why = command({
  name: "why",
  usage: "[OPTIONS] [STEP] [PATH]",
  summary: "Tell why steps of a build have to run",
  description:
    "Takes the flags of slipway build, and runs nothing. STEP is a stage (build), a step of it (build:3), a step of the target (3), or a part of the instruction's text; without it every step is told of that is not cached. PATH is the build context, this folder without it.",
  examples: ["slipway why", "slipway why 'RUN npm ci' .", "slipway why build:3 --build-arg VERSION=2 ."],
  options: {
    ...unlisted(buildOptions),
    all: { type: "flag", short: "a", help: `Every reason of a step, not the first ${told}` },
    format: { type: "string", value: "text|json", choices: ["text", "json"], help: "json prints one array" },
  },
  refused: refusedBuildFlags,
  positionals: [0, 2],
  async run(args, io) {
    const [wanted, context] = stepAndContext(args.positionals);
    const options = foreseenOptions({ values: args.values, positionals: [context] }, io);
    const { steps, target } = await (await io.library()).foresee(options);
    const asked = wanted === undefined ? steps.filter(isMiss) : findSteps(steps, wanted, target);
    if (args.values.format === "json") {
      io.stdout.write(`${JSON.stringify(asked, null, 2)}\n`);
      return;
    }
    if (asked.length === 0) io.stdout.write("Every step is cached\n");
    io.stdout.write(asked.map((step) => whyText(step, args.values.all, io.now())).join("\n"));
  },
});

function isMiss({ status }: ForeseenStep): boolean {
  return status !== "hit" && status !== "source";
}

/** A single word is the context where it is a folder, and the step where it is none. */
function stepAndContext([first, second]: readonly string[]): readonly [step: string | undefined, context: string] {
  if (first === undefined) return [undefined, "."];
  if (second !== undefined) return [first, second];
  const isContext = /[/:]\/|^git@|^-$/.test(first) || statSync(first, { throwIfNoEntry: false }) !== undefined;
  return isContext ? [undefined, first] : [first, "."];
}

function findSteps(steps: readonly ForeseenStep[], wanted: string, target: string): readonly ForeseenStep[] {
  const [, stage = target, number] = /^(?:(.+):)?(\d+)$/.exec(wanted) ?? [];
  const inStage = (name: string): readonly ForeseenStep[] =>
    steps.filter((step) => step.stage?.toLowerCase() === name.toLowerCase());
  const numbered =
    number === undefined ? [] : inStage(stage).filter(({ position }) => position?.[0] === Number(number));
  const ways = [numbered, inStage(wanted), steps.filter(({ text }) => oneLine(text).includes(oneLine(wanted)))];
  const found = ways.find((way) => way.length > 0);
  if (found) return found;
  const stages = [...new Set(steps.flatMap((step) => (step.stage === undefined ? [] : [step.stage])))];
  throw usage(
    `No step of the build is ${JSON.stringify(wanted)}`,
    `name a stage (${stages.join(", ")}), one of its steps (${stages[0] ?? "0"}:2), or a part of the instruction`,
  );
}

function whyText(step: ForeseenStep, all: boolean, now: number): string {
  const [stage, place] = placeOf(step);
  const tag = [stage, place].filter(Boolean).join(" ");
  const head = printable(`${tag === "" ? "" : `[${tag}] `}${oneLine(step.text)}`);
  const causes = all ? step.causes : step.causes.slice(0, told);
  const rest = step.causes.length - causes.length;
  const lines = [
    sentence(step, now),
    ...causes.map(({ text }) => `  - ${text}`),
    ...(rest > 0 ? [`  and ${rest} more; --all shows them`] : []),
  ];
  return `${head}\n${lines.map((line) => `  ${printable(line)}\n`).join("")}`;
}

function sentence({ status, because = "", made }: ForeseenStep, now: number): string {
  switch (status) {
    case "hit": {
      if (made === undefined) return "is cached";
      const reason = made.why === undefined ? "" : `; it ran then: ${made.why}`;
      return `is cached, made ${formatAgo(made.time, now).toLowerCase()}${reason}`;
    }
    case "run":
      return "has to run:";
    case "maybe":
      return `may have to run: ${because}`;
    case "pull":
      return "is made from the Debian archive first";
    default:
      return "is at hand";
  }
}
