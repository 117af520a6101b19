import type { BuildEvent } from "../../base/index.ts";
import type { BuildOptions, Foreseen, ForeseenStep } from "../../index.ts";
import { type ParsedArgs, usage } from "../args.ts";
import { command } from "../command.ts";
import { plural } from "../format.ts";
import type { CommandIo } from "../io.ts";
import { columnsOf, table } from "../table.ts";
import { printableLines } from "../text.ts";
import { buildOptions, toBuildOptions } from "./build.ts";
import { refusedBuildFlags } from "./build-refused.ts";
import { unlisted } from "./unlisted.ts";

export const plan = command({
  name: "plan",
  usage: "[OPTIONS] PATH",
  summary: "Show what a build would do: what is cached, what runs and why",
  description:
    "Takes the flags of slipway build, and runs nothing: the build context is read, the store is not changed. A step that depends on what others give may still be a hit: that shows when they have run.",
  examples: ["slipway plan .", "slipway plan --build-arg VERSION=2 --target test .", "slipway plan --format json ."],
  options: {
    ...unlisted(buildOptions),
    format: { type: "string", value: "table|json", choices: ["table", "json"], help: "json prints one object" },
  },
  refused: refusedBuildFlags,
  positionals: [1, 1],
  missing: "name the build context: the folder with the Dockerfile, often just .",
  async run(args, io) {
    const foreseen = await (await io.library()).foresee(foreseenOptions(args, io));
    if (args.values.format === "json") io.stdout.write(`${JSON.stringify(foreseen, null, 2)}\n`);
    else io.stdout.write(planText(foreseen, io));
  },
});

/** Throws SLIP_USAGE for flags that ask for something else than a build. */
export function foreseenOptions(args: ParsedArgs<typeof buildOptions>, io: CommandIo): BuildOptions {
  const other = (["check", "call", "print"] as const).find(
    (flag) => args.values[flag] !== false && args.values[flag] !== undefined,
  );
  if (other !== undefined)
    throw usage(`--${other} asks for something else than a build`, `write slipway build --${other}`);
  const onEvent = (event: BuildEvent): void => {
    if (event.type === "warning") io.stderr.write(`WARNING: ${printableLines(event.message)}\n`);
  };
  return { ...toBuildOptions(args, io), onEvent };
}

function planText({ steps, skippedStages }: Foreseen, { stdout }: Pick<CommandIo, "stdout">): string {
  const rows = steps.map((step) => [...placeOf(step), step.status, oneLine(step.text), step.because ?? ""]);
  const skipped = skippedStages.map((line) => {
    const [name = "", reason = ""] = line.split(": ", 2);
    return [name, "", "skipped", "", reason];
  });
  const head = ["STAGE", "STEP", "BUILD", "INSTRUCTION", "WHY"];
  return `${table([head, ...rows, ...skipped], { columns: columnsOf(stdout), most: [16, 6, 7, 50] })}\n${sumText(steps, skippedStages.length)}\n`;
}

/** Stage, and `2/4`. */
export function placeOf({ stage = "", position }: ForeseenStep): readonly [string, string] {
  return [stage, position === undefined ? "" : position.join("/")];
}

export function oneLine(text: string): string {
  return text
    .replace(/\\?\s*\n/g, " ")
    .replace(/\s+/g, " ")
    .trim();
}

function sumText(steps: readonly ForeseenStep[], skipped: number): string {
  const count = (status: ForeseenStep["status"]): number => steps.filter((step) => step.status === status).length;
  const pulled = steps.filter(({ status }) => status === "pull");
  const bases = pulled.filter(({ stage }) => stage !== undefined).length;
  const asked = pulled.length - bases;
  const parts = [
    `${plural(count("hit"), "step")} cached`,
    `${count("run")} to run`,
    ...(count("maybe") > 0 ? [`${count("maybe")} that may run`] : []),
    ...(bases > 0 ? [`${plural(bases, "base")} to bring`] : []),
    ...(asked > 0 ? [`${plural(asked, "source")} to ask for`] : []),
    ...(skipped > 0 ? [`${plural(skipped, "stage")} skipped`] : []),
  ];
  return parts.join(", ");
}
